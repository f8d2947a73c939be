#pragma once
// Something is waited for, and a person looks on: a call once a second for as long as it lasts.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/steady_timer.hpp>
#include <chrono>
#include <functional>
#include <memory>
#include <utility>

namespace redkeep::app {

class Overdue {
 public:
  /// Calls `tell` on the executor from a second on until this object ends. The executor runs one
  /// thread, and this object ends on it.
  Overdue(const boost::asio::any_io_executor& executor, std::function<void()> tell)
      : state_(std::make_shared<State>(executor, std::move(tell))) {
    wait(state_);
  }
  ~Overdue() {
    state_->tell = nullptr;
    state_->timer.cancel();
  }
  Overdue(const Overdue&) = delete;
  Overdue& operator=(const Overdue&) = delete;

 private:
  struct State {
    State(const boost::asio::any_io_executor& executor, std::function<void()> tell_now)
        : timer(executor), tell(std::move(tell_now)) {}
    boost::asio::steady_timer timer;
    std::function<void()> tell;
  };

  static void wait(const std::shared_ptr<State>& state) {
    state->timer.expires_after(std::chrono::seconds{1});
    state->timer.async_wait([state](const boost::system::error_code& code) {
      if (code || !state->tell) return;
      state->tell();
      wait(state);
    });
  }

  std::shared_ptr<State> state_;
};

}  // namespace redkeep::app
