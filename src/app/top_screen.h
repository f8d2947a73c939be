#pragma once
// What `redkeep top` shows: a screen of a terminal, or one plain line. Pure.
#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "pressure/memory_reading.h"
#include "redkeep/forecast.h"
#include "redkeep/options.h"
#include "redkeep/statistics.h"

namespace redkeep::app {

/// What happened between two readings, by the server's counters.
struct TopRates {
  double growth_bytes_per_s = 0;
  double evicted_per_s = 0;
  double expired_per_s = 0;
  double commands_per_s = 0;  ///< Without our own.
  /// Of applications: see redis::lookups_of_applications.
  double lookups_per_s = 0;
  std::optional<double> hit_pct;  ///< Of these; nothing where nothing was looked up.
};

struct TopClass {
  std::string name;
  double key_share_pct = 0;
  double byte_share_pct = 0;
  /// Of a sample: how far the true share may be from it, in points (the farther end of its 95 %
  /// interval; may be infinite). Nothing: it is exact.
  std::optional<double> byte_share_error;
  double bytes = 0;
};

struct TopView {
  std::string server;                              ///< Where, and which product; fit to be shown.
  std::string clock;                               ///< "12:34:56"
  std::optional<pressure::MemoryReading> reading;  ///< Nothing: `failure` says why.
  std::string failure;
  /// The server was asked so long ago and says nothing; what else is here is from before.
  std::optional<std::chrono::seconds> no_answer_for;
  PressureOptions marks;
  PressureLevel level = PressureLevel::Blind;
  bool level_from_guard = false;
  std::string lease;  ///< One sentence.
  std::optional<TopRates> rates;
  std::optional<Forecast> forecast;
  std::vector<TopClass> classes;     ///< From a sample, those with the most bytes first.
  bool with_bytes = true;            ///< False where MEMORY USAGE is refused.
  std::string sample;                ///< How they were found, or why not.
  std::vector<std::string> actions;  ///< The ledger's last ones, newest first.
  bool with_actions = false;         ///< Whether there is a ledger to be read.
};

/// The frame, from the upper left corner on: at most so many lines, none longer than the screen is
/// wide. `colours`: with ANSI colours.
std::string top_screen(const TopView& view, std::size_t columns, std::size_t rows, bool colours);

/// The same as one line, with its end.
std::string top_line(const TopView& view);

/// A bar with the marks, `width` characters in all: "[#####......|.|...]", with the marks.
std::string memory_bar(double usage_pct, const PressureOptions& marks, std::size_t width);

}  // namespace redkeep::app
