#pragma once
// Alerts on their way to one receiver: a bounded queue and the task that works it off. A receiver
// that hangs, refuses or answers nonsense costs its own alerts and nothing else.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <deque>
#include <memory>
#include <stop_token>
#include <string>

#include "guard/alert_gate.h"
#include "guard/alerts/receiver.h"
#include "guard/snapshot.h"

namespace redkeep::guard {

struct OutboxLimits {
  std::size_t most_waiting = 64;  ///< Of a few alerts a minute; beyond it the oldest are dropped.
  int attempts = 3;               ///< For each alert, the first one included.
  std::chrono::milliseconds first_backoff{1000};  ///< Doubled after each attempt but the last.
  std::chrono::seconds log_every{60};             ///< Failures are logged once in this time.
};

class Outbox {
 public:
  /// `counts` must outlive it.
  Outbox(boost::asio::any_io_executor executor, std::unique_ptr<Receiver> receiver,
         AlertDeliveries& counts, OutboxLimits limits = {});

  /// Queues one alert; never waits.
  void push(std::string json);

  /// Delivers until asked to stop; what waits then is tried once more each, for two seconds in all.
  boost::asio::awaitable<void> run(std::stop_token stop);

 private:
  boost::asio::awaitable<void> deliver(std::string json, std::stop_token stop);
  boost::asio::awaitable<void> wait(std::chrono::steady_clock::duration longest);
  void give_up();
  void log_trouble(std::string_view what);

  std::unique_ptr<Receiver> receiver_;
  AlertDeliveries& counts_;
  OutboxLimits limits_;
  std::shared_ptr<boost::asio::steady_timer> idle_;  // shared with what wakes it from elsewhere
  std::deque<std::string> waiting_;
  boost::asio::any_io_executor executor_;
  AlertGate log_gate_;
  bool is_delivering_ = false;
  bool gave_up_ = false;
};

}  // namespace redkeep::guard
