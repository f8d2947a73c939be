#include "app/http/server.h"

#include <boost/asio/as_tuple.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/dispatch.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http.hpp>
#include <charconv>

#include "app/http/host_check.h"
#include "app/http/inspection_pages.h"
#include "app/http/listen_address.h"
#include "app/http/pages.h"
#include "error/error.h"
#include "redis/pause.h"

namespace redkeep::app::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace bhttp = boost::beast::http;
using asio::ip::tcp;
using boost::system::error_code;

constexpr auto kAsTuple = asio::as_tuple(asio::use_awaitable);
constexpr std::uint32_t kMostHeaderBytes = 8 * 1024;
constexpr std::size_t kMostLedgerEntries = 10'000;
constexpr std::string_view kText = "text/plain; charset=utf-8";
constexpr std::string_view kApi = "/api/v1/";
constexpr const char* kPages =
    "there is /healthz, /readyz, /metrics, /api/v1/status, /api/v1/ledger, /api/v1/census, "
    "/api/v1/doctor, /api/v1/plan, /api/v1/audit\n";
constexpr std::string_view kMetrics = "text/plain; version=0.0.4; charset=utf-8";

// Returns the host as written.
Result<std::string> listen_on(const std::string& listen, tcp::acceptor& acceptor) {
  auto address = parse_listen_address(listen);
  if (!address) return within("the HTTP address", address.error());
  const tcp::endpoint& endpoint = address->endpoint;
  error_code code;
  acceptor.open(endpoint.protocol(), code);
  if (!code) acceptor.set_option(asio::socket_base::reuse_address(true), code);
  if (!code) acceptor.bind(endpoint, code);
  if (!code) acceptor.listen(asio::socket_base::max_listen_connections, code);
  if (!code) return std::move(address->host);
  return make_error(ErrorKind::InvalidInput,
                    "cannot listen on {} for HTTP: {}; choose another with --http HOST:PORT",
                    listen, code.message());
}

}  // namespace

Server::Server(asio::any_io_executor executor, ServerOptions options, Shown shown)
    : executor_(executor), options_(std::move(options)), shown_(shown), acceptor_(executor) {}

Result<std::unique_ptr<Server>> Server::create(asio::any_io_executor executor,
                                               ServerOptions options, Shown shown) {
  std::unique_ptr<Server> server(new Server(executor, std::move(options), shown));
  if (const Status bound = server->bind(); !bound) return bound.error();
  return server;
}

Status Server::bind() {
  auto host = listen_on(options_.listen, acceptor_);
  if (!host) return host.error();
  host_ = std::move(*host);
  return {};
}

Status Server::check(const std::string& listen) {
  asio::io_context context;
  tcp::acceptor acceptor(context);
  const auto host = listen_on(listen, acceptor);
  return host ? Status{} : Status{host.error()};
}

std::string Server::address() const {
  error_code ignored;
  return fmt::format("http://{}:{}", host_, acceptor_.local_endpoint(ignored).port());
}

asio::awaitable<void> Server::run(std::stop_token stop) {
  const std::stop_callback close_all(stop, [this] {
    asio::dispatch(executor_, [this] {
      error_code ignored;
      acceptor_.close(ignored);
      for (const auto& stream : open_) stream->close();
    });
  });
  while (!stop.stop_requested()) {
    tcp::socket socket(executor_);
    const auto [code] = co_await acceptor_.async_accept(socket, kAsTuple);
    if (stop.stop_requested()) break;
    if (code) {
      // Out of descriptors: accepting again at once would fail again at once.
      co_await redis::pause_for(std::chrono::milliseconds{100});
      continue;
    }
    if (open_.size() >= options_.most_connections) continue;  // closes it
    auto stream = std::make_shared<Stream>(std::move(socket));
    open_.insert(stream);
    // In open_ until its coroutine has ended; all of them have when run() returns.
    asio::co_spawn(executor_, serve(stream), [this, stream](const std::exception_ptr& failure) {
      open_.erase(stream);
      if (failure) std::rethrow_exception(failure);
    });
  }
  while (!open_.empty()) co_await redis::pause_for(std::chrono::milliseconds{1});
}

asio::awaitable<void> Server::serve(std::shared_ptr<Stream> owned) {
  Stream& stream = *owned;
  beast::flat_buffer buffer(kMostHeaderBytes + 1024);
  for (bool keep_alive = true; keep_alive;) {
    bhttp::request_parser<bhttp::empty_body> parser;
    parser.header_limit(kMostHeaderBytes);
    parser.body_limit(0);
    stream.expires_after(options_.request_deadline);
    const auto [code, bytes] = co_await bhttp::async_read(stream, buffer, parser, kAsTuple);
    static_cast<void>(bytes);
    bhttp::response<bhttp::string_body> response;
    bool is_head = false;
    Answer said{400, kText, "the request cannot be read\n"};
    if (code == bhttp::error::end_of_stream || code == beast::error::timeout) break;
    if (code && code.category() != make_error_code(bhttp::error::bad_method).category()) break;
    if (code == bhttp::error::body_limit) said = {413, kText, "requests here have no body\n"};
    if (code == bhttp::error::header_limit) said = {431, kText, "the header is too long\n"};
    const bool one_host = code || parser.get().count(bhttp::field::host) <= 1;
    if (!one_host) said.body = "more than one Host header\n";
    if (!code && one_host) {
      const auto& request = parser.get();
      is_head = request.method() == bhttp::verb::head;
      const auto method = request.method_string();
      const auto target = request.target();
      const auto host = request[bhttp::field::host];
      said = answer({method.data(), method.size()}, {target.data(), target.size()},
                    {host.data(), host.size()});
    }
    keep_alive = !code && one_host && parser.get().keep_alive();
    response.version(11);
    response.result(said.status);
    response.set(bhttp::field::server, "redkeep");
    response.set(bhttp::field::content_type, {said.type.data(), said.type.size()});
    response.set("X-Content-Type-Options", "nosniff");
    response.set(bhttp::field::cache_control, "no-store");
    if (said.status == 405) response.set(bhttp::field::allow, "GET, HEAD");
    if (said.retry_after.count() > 0) {
      response.set(bhttp::field::retry_after, std::to_string(said.retry_after.count()));
    }
    response.keep_alive(keep_alive);
    response.content_length(said.body.size());
    if (!is_head) response.body() = std::move(said.body);
    stream.expires_after(options_.request_deadline);
    if (is_head) {
      bhttp::response_serializer<bhttp::string_body> head(response);
      const auto [failed, written] = co_await bhttp::async_write_header(stream, head, kAsTuple);
      static_cast<void>(written);
      if (failed) break;
    } else {
      const auto [failed, written] = co_await bhttp::async_write(stream, response, kAsTuple);
      static_cast<void>(written);
      if (failed) break;
    }
  }
  error_code ignored;
  stream.socket().shutdown(tcp::socket::shutdown_both, ignored);
}

Server::Answer Server::answer(std::string_view method, std::string_view target,
                              std::string_view host) const {
  if (!is_allowed_host(host, host_, options_.allowed_hosts)) {
    return {403, kText, "this Host header is not served here: see [http] hosts\n"};
  }
  if (method != "GET" && method != "HEAD") return {405, kText, "only GET and HEAD\n"};
  const auto now = std::chrono::steady_clock::now();
  const auto path = target.substr(0, target.find('?'));
  if (path == "/healthz") return {200, kText, "ok\n"};
  if (path == "/readyz") {
    const auto reason = not_ready_because(shown_.snapshot, shown_.pressure, now);
    return reason.empty() ? Answer{200, kText, "ready\n"} : Answer{503, kText, reason + "\n"};
  }
  if (path == "/metrics") {
    return {200, kMetrics, metrics_text(shown_.snapshot, shown_.inspections, now)};
  }
  if (path.starts_with(kApi)) {
    return api_page(path.substr(kApi.size()),
                    path.size() < target.size() ? target.substr(path.size() + 1) : "");
  }
  return {404, kText, kPages};
}

Server::Answer Server::api_page(std::string_view path, std::string_view query) const {
  const auto now = std::chrono::steady_clock::now();
  if (path == "status") return {200, "application/json", status_json(shown_.snapshot, now)};
  if (path == "ledger") return ledger_page(query);
  const auto page = inspection_page(path, shown_.snapshot, shown_.inspections, now);
  if (!page) return {404, kText, kPages};
  return {page->status, page->status == 200 ? "application/json" : kText, page->body,
          page->retry_after};
}

Server::Answer Server::ledger_page(std::string_view query) const {
  std::size_t limit = 100;
  if (!query.empty()) {
    const char* end = query.data() + query.size();
    const bool named = query.starts_with("limit=");
    const auto [stopped, failure] = std::from_chars(named ? query.data() + 6 : end, end, limit);
    if (failure != std::errc{} || stopped != end || limit > kMostLedgerEntries) {
      return {400, kText, "the only parameter is limit=N, at most 10000\n"};
    }
  }
  return {200, "application/json", ledger_json(shown_.ledger, limit)};
}

}  // namespace redkeep::app::http
