#pragma once
// Runs coroutines in a test, with a limit on everything.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <chrono>
#include <exception>
#include <optional>
#include <stdexcept>
#include <utility>

namespace redkeep::wire {

class EventLoop {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kLongest{30};

  auto executor() { return context_.get_executor(); }

  /// Runs until `condition` holds; false if it does not within `limit`.
  template <class Condition>
  bool run_until(Condition condition, Clock::duration limit = kLongest) {
    const auto end = Clock::now() + limit;
    while (!condition()) {
      if (Clock::now() > end) return false;
      if (context_.stopped()) context_.restart();
      context_.run_one_for(std::chrono::milliseconds{2});
    }
    return true;
  }

  /// Runs the coroutine to its end and returns what it returned.
  template <class T>
  T run(boost::asio::awaitable<T> work) {
    std::optional<T> value;
    start(keep(std::move(work), value));
    if (!run_until([&value] { return value.has_value(); })) {
      throw std::runtime_error("the coroutine did not end");
    }
    return std::move(*value);
  }

  void start(boost::asio::awaitable<void> work) {
    boost::asio::co_spawn(context_, std::move(work), [](const std::exception_ptr& failure) {
      if (failure) std::rethrow_exception(failure);
    });
  }

  /// Starts the coroutine; `into` gets what it returns.
  template <class T>
  void start(boost::asio::awaitable<T> work, std::optional<T>& into) {
    start(keep(std::move(work), into));
  }

 private:
  template <class T>
  static boost::asio::awaitable<void> keep(boost::asio::awaitable<T> work, std::optional<T>& into) {
    into.emplace(co_await std::move(work));
  }

  boost::asio::io_context context_;
};

}  // namespace redkeep::wire
