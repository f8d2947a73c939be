#pragma once
// The history in words, for a terminal: local time, no control characters. Pure but for the time
// zone (TZ).
#include <string>

#include "app/history_summary.h"

namespace redkeep::app {

/// "2025-11-23 02:59:58 CET"
std::string print_local(WallTime time);

/// The summary: one fact a line.
std::string print_summary(const HistorySummary& summary);

/// The lines, with the date in front where the day changes.
std::string print_lines(const std::vector<HistoryLine>& lines);

}  // namespace redkeep::app
