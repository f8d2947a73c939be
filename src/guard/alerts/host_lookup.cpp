#include "guard/alerts/host_lookup.h"

#include <netdb.h>

#include <atomic>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/ip/address.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cstring>
#include <memory>
#include <mutex>
#include <system_error>
#include <thread>

#include "error/error.h"

namespace redkeep::guard {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;

// Each that hangs costs a thread; a handful of them says that names are not to be had just now.
constexpr int kMostUnderWay = 8;
std::atomic<int> under_way = 0;

std::vector<tcp::endpoint> ask(const std::string& host, std::uint16_t port, int& failure) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* list = nullptr;
  failure = ::getaddrinfo(host.c_str(), nullptr, &hints, &list);
  std::vector<tcp::endpoint> found;
  for (const addrinfo* one = list; one != nullptr; one = one->ai_next) {
    tcp::endpoint endpoint;
    if (one->ai_addrlen > endpoint.capacity()) continue;
    std::memcpy(endpoint.data(), one->ai_addr, one->ai_addrlen);
    endpoint.port(port);
    found.push_back(endpoint);
  }
  if (list != nullptr) ::freeaddrinfo(list);
  return found;
}

}  // namespace

// The thread posts to the executor only while somebody waits, which is while the executor is there.
struct HostLookup::Shared {
  explicit Shared(const asio::any_io_executor& runs_on) : executor(runs_on), timer(runs_on) {}

  asio::any_io_executor executor;
  asio::steady_timer timer;  // touched on the executor only
  std::mutex mutex;          // of what follows
  bool is_awaited = false;
  bool has_ended = false;
  int failure = 0;
  Addresses found;

  void await(bool now) {
    const std::lock_guard lock(mutex);
    is_awaited = now;
  }
};

HostLookup::HostLookup(const asio::any_io_executor& executor)
    : shared_(std::make_shared<Shared>(executor)) {}

void HostLookup::give_up() { shared_->timer.cancel(); }

void HostLookup::look(const std::shared_ptr<Shared>& shared, const std::string& host,
                      std::uint16_t port) {
  int failure = 0;
  Addresses found = ask(host, port, failure);
  --under_way;
  const std::lock_guard lock(shared->mutex);
  shared->has_ended = true;
  shared->failure = failure;
  shared->found = std::move(found);
  if (!shared->is_awaited) return;
  asio::post(shared->executor, [shared] { shared->timer.cancel(); });
}

asio::awaitable<Result<HostLookup::Addresses>> HostLookup::find(
    std::string host, std::uint16_t port, std::chrono::steady_clock::duration longest) {
  boost::system::error_code no_address;
  const auto address = asio::ip::make_address(host, no_address);
  if (!no_address) {
    Addresses own(1, tcp::endpoint(address, port));
    co_return own;
  }
  // However this ends, even by the end of the executor.
  struct Awaited {
    explicit Awaited(Shared& what) : shared(what) { shared.await(true); }
    Awaited(const Awaited&) = delete;
    Awaited& operator=(const Awaited&) = delete;
    ~Awaited() { shared.await(false); }
    Shared& shared;
  };
  const Awaited awaited(*shared_);
  shared_->timer.expires_after(longest);
  if (++under_way > kMostUnderWay) {
    --under_way;
    co_return make_error(ErrorKind::Unreachable, "earlier look-ups of host names still hang");
  }
  try {
    std::thread([shared = shared_, host, port] { look(shared, host, port); }).detach();
  } catch (const std::system_error& failure) {
    --under_way;
    co_return make_error(ErrorKind::Unreachable, "the host name cannot be looked up: {}",
                         failure.what());
  }
  co_await shared_->timer.async_wait(asio::as_tuple(asio::use_awaitable));
  const std::lock_guard lock(shared_->mutex);
  if (!shared_->has_ended) {
    co_return make_error(ErrorKind::Unreachable,
                         "the host name was not resolved within the deadline");
  }
  if (shared_->found.empty()) {
    co_return make_error(ErrorKind::Unreachable, "the host name cannot be resolved: {}",
                         ::gai_strerror(shared_->failure));
  }
  co_return shared_->found;
}

}  // namespace redkeep::guard
