#pragma once
// For a loop that is asked to stop while it waits: its pause ends at once, and a server that does
// not answer is waited for a little only.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>

#include "redis/client.h"
#include "redis/stop_patience.h"

namespace redkeep::guard {

class StopWake {
 public:
  StopWake(boost::asio::any_io_executor executor, const std::stop_token& stop,
           std::shared_ptr<redis::Client> client)
      : pause_(executor),
        patience_(executor, stop, [client = std::move(client)] { client->close(); }),
        callback_(stop, [this, executor] {
          boost::asio::dispatch(executor, [this] { pause_.cancel(); });
        }) {}

  /// Ends early when the loop is asked to stop. Not to be begun after that.
  redis::awaitable<void> pause_for(std::chrono::steady_clock::duration duration) {
    pause_.expires_after(duration);
    co_await pause_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  }

 private:
  boost::asio::steady_timer pause_;
  redis::StopPatience patience_;
  std::stop_callback<std::function<void()>> callback_;
};

}  // namespace redkeep::guard
