#include "recovery/verify/expected_content.h"

#include "error/error.h"
#include "recovery/journal/journal_identity.h"
#include "redis/beside.h"

namespace redkeep::recovery {
namespace {

keys::FingerprintSet without(const keys::FingerprintSet& prints,
                             const keys::FingerprintSet& left_out) {
  keys::FingerprintSet kept;
  prints.each([&](std::uint64_t print) {
    if (!left_out.contains(print)) kept.insert(print);
  });
  return kept;
}

void leave_out(const keys::FingerprintSet& prints, Damage& damage) {
  if (prints.size() == 0) return;
  for (keys::FingerprintSet* kind :
       {&damage.missing, &damage.changed, &damage.wrong_type, &damage.orphaned}) {
    *kind = without(*kind, prints);
  }
}

}  // namespace

redis::awaitable<Result<ExpectedContent>> choose_content(ContentAt content_at,
                                                         std::string directory,
                                                         std::optional<std::int64_t> position) {
  if (!content_at) {
    ExpectedContent as_told;
    as_told.directory = std::move(directory);
    co_return as_told;
  }
  const auto choose = [&content_at, position] { return content_at(position); };
  co_return co_await redis::beside(choose);
}

Status allow_content_without_journal(const std::string& directory,
                                     std::optional<std::int64_t> position) {
  if (position.value_or(0) == 0) return {};
  return make_error(ErrorKind::Refused,
                    "a journal is in use here (Redis has it up to position {}), and what was "
                    "stored through it since {} was written would be undone: name the data "
                    "directory (--data) to keep it, or say --despite-journal",
                    *position, printable(directory));
}

Status require_same_journal(const keys::KeySchema& schema, const std::string& found,
                            const ExpectedContent& content) {
  if (content.data_directory.empty() || found.empty() || found == content.journal) return {};
  return make_error(
      ErrorKind::Refused, "{}",
      of_another_journal(schema.guard("journal"), found, content.journal, content.data_directory));
}

Status leave_out_what_is_right(const ExpectedContent& content, Damage& damage) {
  leave_out(content.not_judged, damage);
  if (!damage.any() || !content.touched_since) return {};
  const auto touched = content.touched_since();
  if (!touched) return touched.error();
  leave_out(*touched, damage);
  return {};
}

}  // namespace redkeep::recovery
