#include "guard/content_verifier.h"

#include "guard/either_stop.h"
#include "recovery/journal/present_content.h"

namespace redkeep::guard {
namespace {

constexpr double kMostShare = 0.01;

}  // namespace

void ContentVerifier::look_if_due(TimePoint now, std::stop_token stop) {
  if (options_.verify_every.count() == 0 || work_.at_work()) return;
  if (!due_) due_ = now + options_.verify_every;
  if (now < *due_) return;
  due_ = now + options_.verify_every;
  work_.begin(look(std::move(stop)));
}

redis::awaitable<ContentVerifier::Outcome> ContentVerifier::look(std::stop_token stop) {
  const EitherStop either(stop, lease_.until_lost());
  recovery::VerifyOptions what;
  what.names_only = true;
  what.most_share = kMostShare;
  what.configured_limit_bytes = options_.pressure.limit_bytes;
  what.directory = options_.content_directory;
  if (!options_.data_directory.empty()) {
    what.content_at = recovery::present_content_of(options_, recovery::WithoutBase::JournalAlone);
  }
  const recovery::ShowProgress untold;
  co_return co_await recovery::verify(options_.endpoint, options_.prefix, std::move(what),
                                      either.token(), untold);
}

}  // namespace redkeep::guard
