#pragma once
// Looks for lost keys of the content graph now and then, slowly, beside the guard's loop.
#include <chrono>
#include <optional>
#include <stop_token>

#include "guard/lease.h"
#include "guard/side_work.h"
#include "recovery/verify/verify.h"
#include "redkeep/options.h"

namespace redkeep::guard {

class ContentVerifier {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;
  using Outcome = Result<recovery::VerifyOutcome>;

  /// What is referred to must outlive it.
  ContentVerifier(boost::asio::any_io_executor executor, const Options& options, Lease& lease)
      : options_(options), lease_(lease), work_(std::move(executor)) {}

  /// Begins a look when one is due by [content] verify_every, the first one so long after the first
  /// call. By names alone, over a connection of its own, for at most a hundredth of a core of the
  /// server. Ends early when asked to stop or when the lease is lost.
  void look_if_due(TimePoint now, std::stop_token stop);

  /// What the last look found, once.
  std::optional<Outcome> take() { return work_.take(); }
  redis::awaitable<void> ended() { return work_.ended(); }

 private:
  redis::awaitable<Outcome> look(std::stop_token stop);

  const Options& options_;
  Lease& lease_;
  std::optional<TimePoint> due_;
  SideWork<Outcome> work_;
};

}  // namespace redkeep::guard
