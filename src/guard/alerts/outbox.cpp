#include "guard/alerts/outbox.h"

#include <spdlog/spdlog.h>

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <functional>
#include <utility>

#include "redis/stop_patience.h"

namespace redkeep::guard {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

constexpr std::chrono::hours kUntilWoken{24};

bool may_be_tried_again(const Error& error) {
  return error.kind == ErrorKind::Unreachable || error.kind == ErrorKind::ServerBusy;
}

}  // namespace

Outbox::Outbox(asio::any_io_executor executor, std::unique_ptr<Receiver> receiver,
               AlertDeliveries& counts, OutboxLimits limits)
    : receiver_(std::move(receiver)),
      counts_(counts),
      limits_(limits),
      idle_(std::make_shared<asio::steady_timer>(executor)),
      executor_(std::move(executor)),
      log_gate_(limits.log_every) {}

void Outbox::push(std::string json) {
  waiting_.push_back(std::move(json));
  if (waiting_.size() > limits_.most_waiting) {
    waiting_.pop_front();
    ++counts_.dropped;
    log_trouble("too many alerts wait; the oldest was dropped");
  }
  // A pause before the next attempt is not cut short by another alert.
  if (!is_delivering_) idle_->cancel();
}

asio::awaitable<void> Outbox::run(std::stop_token stop) {
  const redis::StopPatience patience(executor_, stop, [this] { give_up(); });
  const std::stop_callback<std::function<void()>> wake(stop, [executor = executor_, idle = idle_] {
    asio::dispatch(executor, [idle] { idle->cancel(); });
  });
  while (!gave_up_) {
    if (waiting_.empty()) {
      if (stop.stop_requested()) break;
      co_await wait(kUntilWoken);
      continue;
    }
    std::string json = std::move(waiting_.front());
    waiting_.pop_front();
    is_delivering_ = true;
    co_await deliver(std::move(json), stop);
    is_delivering_ = false;
  }
  if (waiting_.empty()) co_return;
  spdlog::warn("alert {}: {} alerts were not delivered before the end", receiver_->name(),
               waiting_.size());
  counts_.dropped += std::ssize(waiting_);
  waiting_.clear();
}

asio::awaitable<void> Outbox::deliver(std::string json, std::stop_token stop) {
  auto backoff = limits_.first_backoff;
  for (int attempt = 1;; ++attempt) {
    const Status delivered = co_await receiver_->deliver(json);
    if (delivered) {
      ++counts_.sent;
      co_return;
    }
    const bool is_last = attempt >= limits_.attempts || !may_be_tried_again(delivered.error());
    if (is_last || stop.stop_requested()) {
      ++counts_.failed;
      log_trouble(delivered.error().message);
      co_return;
    }
    co_await wait(backoff);
    backoff *= 2;
  }
}

// Ends early when asked to stop, or when an alert comes to an idle outbox.
asio::awaitable<void> Outbox::wait(Clock::duration longest) {
  idle_->expires_after(longest);
  co_await idle_->async_wait(asio::as_tuple(asio::use_awaitable));
}

void Outbox::give_up() {
  gave_up_ = true;
  receiver_->give_up();
}

void Outbox::log_trouble(std::string_view what) {
  if (!log_gate_.pass("trouble", Clock::now())) return;
  spdlog::warn("alert {}: {} ({} sent, {} failed, {} dropped so far)", receiver_->name(), what,
               counts_.sent, counts_.failed, counts_.dropped);
}

}  // namespace redkeep::guard
