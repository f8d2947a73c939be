#pragma once
// For a loop that is asked to stop while it waits: its pause ends at once, and a server that does
// not answer is waited for a little only, because stopping has to be over within five seconds.
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

namespace redkeep::guard {

class StopWake {
 public:
  /// What is under way may take so much longer before its connection is closed.
  static constexpr std::chrono::milliseconds kPatience{2000};

  StopWake(boost::asio::any_io_executor executor, const std::stop_token& stop,
           std::shared_ptr<redis::Client> client)
      : executor_(executor),
        client_(std::move(client)),
        pause_(executor),
        patience_(executor),
        callback_(stop, [this] { boost::asio::dispatch(executor_, [this] { wake(); }); }) {}

  /// Ends early when the loop is asked to stop. Not to be begun after that.
  redis::awaitable<void> pause_for(std::chrono::steady_clock::duration duration) {
    pause_.expires_after(duration);
    co_await pause_.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
  }

 private:
  void wake() {
    pause_.cancel();
    patience_.expires_after(kPatience);
    patience_.async_wait([client = client_](const boost::system::error_code& code) {
      if (!code) client->close();
    });
  }

  boost::asio::any_io_executor executor_;
  std::shared_ptr<redis::Client> client_;
  boost::asio::steady_timer pause_;
  boost::asio::steady_timer patience_;
  std::stop_callback<std::function<void()>> callback_;
};

}  // namespace redkeep::guard
