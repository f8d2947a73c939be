#pragma once
// Work that takes long or may hang, beside a coroutine whose executor goes on meanwhile.
#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/thread_pool.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <optional>
#include <type_traits>
#include <utility>

namespace redkeep::redis {

/// What beside() runs on its thread.
template <class Work>
boost::asio::awaitable<std::optional<std::invoke_result_t<Work&>>> carry_out(Work& work) {
  co_return work();
}

/// What `work()` returns, called on that thread.
template <class Work>
boost::asio::awaitable<std::invoke_result_t<Work&>> beside(boost::asio::thread_pool& thread,
                                                           Work work) {
  auto result = co_await boost::asio::co_spawn(thread, carry_out(work), boost::asio::use_awaitable);
  co_return std::move(*result);
}

/// What `work()` returns, called on a thread of its own. Name `work` before the `co_await`: g++ 12
/// destroys a temporary of a full expression with `co_await` twice.
template <class Work>
boost::asio::awaitable<std::invoke_result_t<Work&>> beside(Work work) {
  boost::asio::thread_pool thread(1);
  co_return co_await beside(thread, std::move(work));
}

}  // namespace redkeep::redis
