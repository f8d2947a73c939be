#pragma once
// Alerts on their way to people: to the webhook and to the command, as far as they are configured,
// each with an outbox of its own so that neither waits for the other.
#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/awaitable.hpp>
#include <map>
#include <memory>
#include <stop_token>
#include <string>

#include "guard/alerts/alert.h"
#include "guard/alerts/outbox.h"
#include "redkeep/options.h"

namespace redkeep::guard {

class AlertSender {
 public:
  using Deliveries = std::map<std::string, AlertDeliveries>;

  /// InvalidInput if the webhook's URL is none.
  static Status check(const AlertOptions& options);

  /// The options must have passed check(). `instance` names the server to who reads the alert.
  /// `deliveries` must outlive it.
  AlertSender(boost::asio::any_io_executor executor, AlertOptions options, std::string instance,
              Deliveries& deliveries, OutboxLimits limits = {});

  /// Queues it; never waits.
  void send(const Alert& alert);

  /// Delivers until asked to stop; see Outbox.
  boost::asio::awaitable<void> run(std::stop_token stop);

 private:
  AlertOptions options_;
  std::string instance_;
  std::unique_ptr<Outbox> webhook_;
  std::unique_ptr<Outbox> command_;
};

}  // namespace redkeep::guard
