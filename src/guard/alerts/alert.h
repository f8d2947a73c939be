#pragma once
// What an alert is: a condition that a person has to know of, as it stood when it was told.
#include <chrono>
#include <string>

#include "redkeep/statistics.h"

namespace redkeep::guard {

/// How a condition ends.
enum class AlertKind {
  Mark,       ///< A mark of usage is crossed. May be brief; over when it is cleared.
  State,      ///< Holds until it is cleared.
  Recurring,  ///< Happens again and again; over when it has not happened for a while.
  Event,      ///< Has happened, once: nothing that could be over.
};

enum class AlertSeverity { Warning, Critical };

struct AlertCondition {
  std::string subject;  ///< A short name such as "critical" or "server-eviction".
  AlertKind kind = AlertKind::State;
  AlertSeverity severity = AlertSeverity::Warning;
  std::string cause;   ///< One sentence with the numbers.
  std::string action;  ///< What was done about it; empty: nothing.
  MemoryUse memory;
};

struct Alert {
  AlertCondition condition;
  bool is_over = false;                 ///< True: the one alert that says that it has recovered.
  std::chrono::milliseconds lasted{0};  ///< From when it began until this alert.
  std::chrono::steady_clock::time_point since{};  ///< When it began.
  /// The same for people; Alerts sets it, once for the alert and for the one that it is over.
  std::chrono::system_clock::time_point began{};
};

}  // namespace redkeep::guard
