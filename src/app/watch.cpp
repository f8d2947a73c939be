#include "app/watch.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/experimental/awaitable_operators.hpp>

namespace redkeep::app {

Result<std::unique_ptr<Watch>> Watch::create(boost::asio::any_io_executor executor,
                                             const Settings& settings) {
  std::unique_ptr<Watch> watch(new Watch);
  watch->executor_ = executor;
  auto guard = guard::Guard::create(executor, settings.options);
  if (!guard) return guard.error();
  watch->guard_ = std::move(*guard);
  watch->census_ = std::make_unique<guard::CensusKeeper>(
      executor, settings.options, watch->guard_->table(), watch->guard_->snapshot());
  if (!settings.http_listen.empty()) {
    http::ServerOptions options;
    options.listen = settings.http_listen;
    options.allowed_hosts = settings.http_hosts;
    auto server = http::Server::create(executor, options, watch->guard_->snapshot(),
                                       watch->guard_->ledger(), settings.options.pressure);
    if (!server) return server.error();
    watch->http_ = std::move(*server);
  }
  return watch;
}

std::string Watch::http_address() const { return http_ ? http_->address() : "off"; }

boost::asio::awaitable<void> Watch::run(std::stop_token stop) {
  using boost::asio::experimental::awaitable_operators::operator&&;
  if (http_) {
    co_await (guard_->run(stop) && census_->run(stop) && http_->run(stop));
  } else {
    co_await (guard_->run(stop) && census_->run(stop));
  }
}

}  // namespace redkeep::app
