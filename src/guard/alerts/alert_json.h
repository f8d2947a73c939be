#pragma once
// Alerts as JSON, in the two forms that receivers take. Pure: time is an argument. Text of any
// origin may stand in an alert: what is not UTF-8 is shown as \xNN, and what is long is cut.
#include <chrono>
#include <string>
#include <string_view>

#include "guard/alerts/alert.h"

namespace redkeep::guard {

/// What Alertmanager's POST /api/v2/alerts takes: an array of one alert. Its labels (alertname,
/// severity, subject, instance) are the same when it fires and when it is over, which is how
/// Alertmanager knows it again. One that fires ends by itself after `valid_for` if it is not told
/// again: a guard that is gone leaves nothing burning.
std::string alertmanager_json(const Alert& alert, std::string_view instance,
                              std::chrono::system_clock::time_point now,
                              std::chrono::seconds valid_for);

/// One flat object: subject, severity, state ("firing" or "resolved"), cause, action, used_bytes,
/// limit_bytes, usage_percent, since, time, instance.
std::string plain_json(const Alert& alert, std::string_view instance,
                       std::chrono::system_clock::time_point now);

/// "warning", "critical".
std::string_view to_string(AlertSeverity severity);

}  // namespace redkeep::guard
