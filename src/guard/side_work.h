#pragma once
// Long work beside the guard's loop, which goes on reading, shedding and telling meanwhile. What
// came of it is taken by the loop, so that only the loop judges and writes down.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <exception>
#include <memory>
#include <optional>
#include <utility>

namespace redkeep::guard {

/// One piece of work at a time, on one executor. An exception of the work leaves that executor's
/// run().
template <class Outcome>
class SideWork {
 public:
  explicit SideWork(boost::asio::any_io_executor executor)
      : executor_(executor), state_(std::make_shared<State>(executor)) {}

  /// Not while it is at work. What the work refers to must outlive it: see ended().
  void begin(boost::asio::awaitable<Outcome> work) {
    state_->at_work = true;
    boost::asio::co_spawn(executor_, keep_outcome(std::move(work), state_),
                          [state = state_](std::exception_ptr failure) {
                            state->at_work = false;
                            state->waiting.cancel();
                            if (failure) std::rethrow_exception(failure);
                          });
  }

  bool at_work() const { return state_->at_work; }

  /// What came of it, once.
  std::optional<Outcome> take() { return std::exchange(state_->outcome, std::nullopt); }

  /// Waits until it is not at work.
  boost::asio::awaitable<void> ended() {
    while (state_->at_work) {
      state_->waiting.expires_at(boost::asio::steady_timer::time_point::max());
      co_await state_->waiting.async_wait(boost::asio::as_tuple(boost::asio::use_awaitable));
    }
  }

 private:
  struct State {
    explicit State(const boost::asio::any_io_executor& executor) : waiting(executor) {}
    bool at_work = false;
    std::optional<Outcome> outcome;
    boost::asio::steady_timer waiting;
  };

  static boost::asio::awaitable<void> keep_outcome(boost::asio::awaitable<Outcome> work,
                                                   std::shared_ptr<State> state) {
    Outcome outcome = co_await std::move(work);
    state->outcome.emplace(std::move(outcome));
  }

  boost::asio::any_io_executor executor_;
  std::shared_ptr<State> state_;
};

}  // namespace redkeep::guard
