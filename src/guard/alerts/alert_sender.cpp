#include "guard/alerts/alert_sender.h"

#include <algorithm>
#include <boost/asio/experimental/awaitable_operators.hpp>
#include <utility>

#include "guard/alerts/alert_command.h"
#include "guard/alerts/alert_json.h"
#include "guard/alerts/webhook.h"

namespace redkeep::guard {
namespace {

// For how long Alertmanager takes an alert as burning after it was told: four times over, as
// Prometheus does it, and longer than the time between two looks at the content directory, by which
// "does-not-fit" is told again.
constexpr std::chrono::seconds kShortestValidity{600};

std::chrono::seconds validity(const AlertOptions& options) {
  return std::max(4 * options.every, kShortestValidity);
}

}  // namespace

Status AlertSender::check(const AlertOptions& options) {
  if (options.webhook.empty()) return {};
  const auto url = parse_webhook_url(options.webhook);
  return url ? Status{} : Status{url.error()};
}

AlertSender::AlertSender(boost::asio::any_io_executor executor, AlertOptions options,
                         std::string instance, Deliveries& deliveries, OutboxLimits limits)
    : options_(std::move(options)), instance_(std::move(instance)) {
  if (!options_.webhook.empty()) {
    auto receiver = std::make_unique<Webhook>(*parse_webhook_url(options_.webhook));
    webhook_ =
        std::make_unique<Outbox>(executor, std::move(receiver), deliveries["webhook"], limits);
  }
  if (!options_.command.empty()) {
    auto receiver = std::make_unique<AlertCommand>(options_.command);
    command_ =
        std::make_unique<Outbox>(executor, std::move(receiver), deliveries["command"], limits);
  }
}

void AlertSender::send(const Alert& alert) {
  const auto now = std::chrono::system_clock::now();
  if (webhook_) {
    webhook_->push(options_.webhook_form == AlertOptions::Form::Alertmanager
                       ? alertmanager_json(alert, instance_, now, validity(options_))
                       : plain_json(alert, instance_, now));
  }
  if (command_) command_->push(plain_json(alert, instance_, now));
}

boost::asio::awaitable<void> AlertSender::run(std::stop_token stop) {
  using boost::asio::experimental::awaitable_operators::operator&&;
  if (webhook_ && command_) {
    co_await (webhook_->run(stop) && command_->run(stop));
  } else if (webhook_) {
    co_await webhook_->run(stop);
  } else if (command_) {
    co_await command_->run(stop);
  }
}

}  // namespace redkeep::guard
