#pragma once
// Who is asked to stop waits for a server that does not answer a little only, because stopping has
// to be over within five seconds.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>

namespace redkeep::redis {

class StopPatience {
 public:
  /// What is under way may take so much longer before its connection is closed.
  static constexpr std::chrono::milliseconds kPatience{2000};

  /// Calls `close` on the executor once patience is over. The executor runs one thread, and this
  /// object ends on it.
  StopPatience(boost::asio::any_io_executor executor, const std::stop_token& stop,
               std::function<void()> close)
      : state_(std::make_shared<State>(executor, std::move(close))),
        callback_(stop, [executor, state = state_] {
          boost::asio::dispatch(executor, [state] { begin(state); });
        }) {}
  ~StopPatience() {
    state_->close = nullptr;
    state_->timer.cancel();
  }
  StopPatience(const StopPatience&) = delete;
  StopPatience& operator=(const StopPatience&) = delete;

 private:
  struct State {
    State(const boost::asio::any_io_executor& executor, std::function<void()> close_now)
        : timer(executor), close(std::move(close_now)) {}
    boost::asio::steady_timer timer;
    std::function<void()> close;
  };

  static void begin(const std::shared_ptr<State>& state) {
    state->timer.expires_after(kPatience);
    state->timer.async_wait([state](const boost::system::error_code& code) {
      if (!code && state->close) state->close();
    });
  }

  std::shared_ptr<State> state_;
  std::stop_callback<std::function<void()>> callback_;
};

}  // namespace redkeep::redis
