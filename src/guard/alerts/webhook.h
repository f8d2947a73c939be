#pragma once
// Alerts posted over HTTP or HTTPS. Each post has a connection of its own and one total deadline.
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "guard/alerts/host_lookup.h"
#include "guard/alerts/receiver.h"
#include "redis/transport.h"

namespace redkeep::guard {

struct WebhookUrl {
  bool tls = false;
  std::string host;  ///< A name or an address, without brackets.
  std::uint16_t port = 80;
  std::string authority;      ///< What the Host header says.
  std::string target;         ///< Path and query as they were written; "/" if there are none.
  std::string authorization;  ///< "Basic ..." of a user in the URL; never shown.
};

/// InvalidInput if it is no http:// or https:// URL with a host. The message does not repeat it:
/// tokens stand in such URLs.
Result<WebhookUrl> parse_webhook_url(std::string_view text);

class Webhook : public Receiver {
 public:
  explicit Webhook(WebhookUrl url, std::chrono::milliseconds deadline = std::chrono::seconds{5});

  std::string_view name() const override { return "webhook"; }
  /// Done when the answer is 2xx. Redirections are not followed: an alert goes where it was
  /// configured to go.
  boost::asio::awaitable<Status> deliver(std::string json) override;
  void give_up() override;

 private:
  boost::asio::awaitable<Status> post(std::string json);
  boost::asio::awaitable<Status> read_answer();
  std::string request(std::string_view json) const;

  WebhookUrl url_;
  std::chrono::milliseconds deadline_;
  // Of the delivery under way.
  std::unique_ptr<HostLookup> lookup_;
  std::shared_ptr<redis::Transport> transport_;
  bool gave_up_ = false;
};

}  // namespace redkeep::guard
