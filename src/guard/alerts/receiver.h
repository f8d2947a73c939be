#pragma once
// Somebody who is told of alerts, and how a way of telling is done.
#include <boost/asio/awaitable.hpp>
#include <string>
#include <string_view>

#include "redkeep/result.h"

namespace redkeep::guard {

class Receiver {
 public:
  virtual ~Receiver() = default;

  /// "webhook", "command": for logs and metrics.
  virtual std::string_view name() const = 0;

  /// Delivers one alert within a total deadline of its own, without holding up the thread.
  /// Unreachable and ServerBusy may be tried again; everything else would fail again. One delivery
  /// at a time; the receiver must outlive it.
  virtual boost::asio::awaitable<Status> deliver(std::string json) = 0;

  /// The delivery under way ends at once, and so does every later one.
  virtual void give_up() = 0;
};

}  // namespace redkeep::guard
