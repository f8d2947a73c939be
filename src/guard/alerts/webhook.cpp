// The bytes go through redis/transport, whose deadline, TLS and closing are those of the guarded
// server's connection; the answer is read by Beast's parser. Only the answer's head is waited for:
// a body could be endless.
#include "guard/alerts/webhook.h"

#include <openssl/evp.h>

#include <array>
#include <boost/asio/this_coro.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/url.hpp>

#include "error/error.h"
#include "sizes/sizes.h"

namespace redkeep::guard {
namespace {

namespace asio = boost::asio;
namespace bhttp = boost::beast::http;
using std::chrono::duration_cast;
using std::chrono::milliseconds;
using Clock = std::chrono::steady_clock;

constexpr std::uint32_t kMostHeaderBytes = 8 * 1024;
constexpr std::size_t kMostShownBytes = 200;  // of the body of a refusal

Error not_a_url() {
  return make_error(ErrorKind::InvalidInput, "the webhook is not an http:// or https:// URL");
}

std::string base64(std::string_view text) {
  std::string out(4 * ((text.size() + 2) / 3) + 1, '\0');
  const int written = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(out.data()),
                                      reinterpret_cast<const unsigned char*>(text.data()),
                                      static_cast<int>(text.size()));
  out.resize(static_cast<std::size_t>(written));
  return out;
}

// What an answer means for the next attempt.
Status judge_answer(unsigned status, std::string_view body) {
  if (status >= 200 && status < 300) return {};
  constexpr unsigned kTimeout = 408;
  constexpr unsigned kTooMany = 429;
  const bool may_pass = status >= 500 || status == kTimeout || status == kTooMany;
  return make_error(may_pass ? ErrorKind::ServerBusy : ErrorKind::Refused,
                    "the receiver answered {}{}{}", status, body.empty() ? "" : ": ",
                    printable(body, kMostShownBytes));
}

}  // namespace

Result<WebhookUrl> parse_webhook_url(std::string_view text) {
  const auto parsed = boost::urls::parse_uri(text);
  if (!parsed) return not_a_url();
  const auto& url = *parsed;
  WebhookUrl out;
  out.tls = url.scheme_id() == boost::urls::scheme::https;
  if (!out.tls && url.scheme_id() != boost::urls::scheme::http) return not_a_url();
  out.host = url.host_type() == boost::urls::host_type::ipv6
                 ? std::string(url.host_ipv6_address().to_string())
                 : std::string(url.encoded_host());
  if (out.host.empty() || out.host.find('%') != std::string::npos) return not_a_url();
  const std::uint16_t usual_port = out.tls ? 443 : 80;
  const auto port = url.has_port() ? sizes::parse_port(url.port()) : usual_port;
  if (!port) return not_a_url();
  out.port = *port;
  out.authority = std::string(url.encoded_host_and_port());
  out.target = std::string(url.encoded_path());
  if (out.target.empty()) out.target = "/";
  if (url.has_query()) out.target += "?" + std::string(url.encoded_query());
  if (url.has_userinfo()) out.authorization = "Basic " + base64(url.user() + ":" + url.password());
  return out;
}

Webhook::Webhook(WebhookUrl url, milliseconds deadline)
    : url_(std::move(url)), deadline_(deadline) {}

asio::awaitable<Status> Webhook::deliver(std::string json) {
  const auto executor = co_await asio::this_coro::executor;
  lookup_ = std::make_unique<HostLookup>(executor);
  transport_ = std::make_shared<redis::Transport>(executor);
  const Status posted = co_await post(std::move(json));
  transport_->close();
  transport_.reset();
  if (posted) co_return posted;
  co_return within(url_.authority, posted.error());
}

asio::awaitable<Status> Webhook::post(std::string json) {
  const auto end = Clock::now() + deadline_;
  const auto addresses = co_await lookup_->find(url_.host, url_.port, deadline_);
  if (!addresses) co_return addresses.error();
  if (gave_up_) co_return interrupted();
  transport_->arm(duration_cast<milliseconds>(end - Clock::now()));
  EndpointOptions endpoint;
  endpoint.host = url_.host;
  endpoint.tls = url_.tls;
  const Status connected = co_await transport_->connect_to(endpoint, *addresses);
  if (!connected) co_return connected;
  const std::string bytes = request(json);
  const Status written = co_await transport_->write(bytes);
  if (!written) co_return written;
  co_return co_await read_answer();
}

asio::awaitable<Status> Webhook::read_answer() {
  bhttp::response_parser<bhttp::empty_body> parser;
  parser.header_limit(kMostHeaderBytes);
  parser.body_limit(boost::none);  // of which nothing is read
  std::string unread;
  std::array<char, 4096> block;
  while (!parser.is_header_done()) {
    const auto bytes = co_await transport_->read_some(block);
    if (!bytes) co_return bytes.error();
    unread.append(block.data(), *bytes);
    boost::system::error_code code;
    const auto used = parser.put(asio::buffer(unread), code);
    unread.erase(0, used);
    if (code && code != bhttp::error::need_more) {
      co_return make_error(ErrorKind::Protocol, "what the receiver answered is not HTTP: {}",
                           code.message());
    }
  }
  co_return judge_answer(parser.get().result_int(), unread);
}

std::string Webhook::request(std::string_view json) const {
  return fmt::format(
      "POST {} HTTP/1.1\r\nHost: {}\r\nUser-Agent: redkeep\r\nContent-Type: application/json\r\n"
      "Content-Length: {}\r\n{}Connection: close\r\n\r\n{}",
      url_.target, url_.authority, json.size(),
      url_.authorization.empty() ? "" : fmt::format("Authorization: {}\r\n", url_.authorization),
      json);
}

void Webhook::give_up() {
  gave_up_ = true;
  if (lookup_) lookup_->give_up();
  if (transport_) transport_->close();
}

}  // namespace redkeep::guard
