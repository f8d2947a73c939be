#include "app/top_screen.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <utility>

#include "pressure/forecast.h"
#include "sizes/sizes.h"

namespace redkeep::app {
namespace {

constexpr std::string_view kPlain = "\x1b[0m";
constexpr std::string_view kBold = "\x1b[1m";
constexpr std::string_view kGreen = "\x1b[32m";
constexpr std::string_view kYellow = "\x1b[33m";
constexpr std::string_view kRed = "\x1b[31m";

struct ScreenLine {
  std::string text;
  std::string_view colour = {};
};

// Cut to so many characters: bytes that go on a character of UTF-8 take no room.
std::string fit(std::string_view text, std::size_t columns) {
  std::size_t characters = 0;
  std::size_t end = 0;
  while (end < text.size()) {
    const bool begins = (static_cast<unsigned char>(text[end]) & 0xC0) != 0x80;
    if (begins && characters == columns) break;
    if (begins) ++characters;
    ++end;
  }
  return std::string(text.substr(0, end));
}

std::size_t characters(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string_view colour_of(PressureLevel level) {
  switch (level) {
    case PressureLevel::Normal: return kGreen;
    case PressureLevel::Warning: return kYellow;
    case PressureLevel::Critical:
    case PressureLevel::Blind: return kRed;
  }
  return {};
}

std::string memory_text(const pressure::MemoryReading& reading) {
  if (reading.limit_bytes == 0) {
    return sizes::print_bytes(reading.used_bytes) + " used, no limit known";
  }
  return fmt::format("{} of {}", sizes::print_pct(reading.usage_pct()),
                     sizes::print_bytes(reading.limit_bytes));
}

std::string per_minute(double bytes_per_s) {
  const auto bytes = std::llround(bytes_per_s * 60);
  return fmt::format("{}{}/min", bytes < 0 ? "-" : "+", sizes::print_bytes(std::llabs(bytes)));
}

std::string per_second(double rate) { return sizes::print_count(std::llround(rate)) + "/s"; }

std::vector<std::string> rates_parts(const TopRates& rates) {
  std::vector<std::string> parts{"growth " + per_minute(rates.growth_bytes_per_s),
                                 "evicted " + per_second(rates.evicted_per_s),
                                 "commands " + per_second(rates.commands_per_s)};
  // A hundred percent of two reads says something else than of thousands.
  if (rates.hit_pct) {
    parts.push_back(fmt::format("hits {:.0f} % of {}", *rates.hit_pct,
                                per_second(std::max(1.0, rates.lookups_per_s))));
  }
  parts.push_back("expired " + per_second(rates.expired_per_s));
  return parts;
}

std::vector<std::string> words_of(std::string_view text) {
  std::vector<std::string> words;
  while (!text.empty()) {
    const auto end = text.find(' ');
    words.emplace_back(text.substr(0, end));
    text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  }
  return words;
}

// On as many lines as the parts take, each of them whole.
void add_wrapped(std::string_view label, const std::vector<std::string>& parts,
                 std::string_view between, std::size_t columns, std::vector<ScreenLine>& lines) {
  std::string text = fmt::format("{:<11}", label);
  bool is_first = true;
  for (const auto& part : parts) {
    const std::size_t longer = characters(text) + between.size() + characters(part);
    if (!is_first && longer > columns) {
      lines.push_back({std::exchange(text, std::string(11, ' '))});
      is_first = true;
    }
    if (!is_first) text += between;
    text += part;
    is_first = false;
  }
  lines.push_back({std::move(text)});
}

std::string silence_text(std::chrono::seconds time) {
  return fmt::format("no answer for {} s", time.count());
}

std::string level_text(const TopView& view) {
  return fmt::format("{} ({})", to_string(view.level),
                     view.level_from_guard ? "from the running guard" : "instantaneous, no guard");
}

void add_memory(const TopView& view, std::size_t columns, std::vector<ScreenLine>& lines) {
  if (view.no_answer_for) {
    lines.push_back({silence_text(*view.no_answer_for) + ": what follows is from before", kRed});
  }
  if (!view.reading) {
    lines.push_back({"no reading: " + view.failure, kRed});
    return;
  }
  const auto& reading = *view.reading;
  const std::string text = memory_text(reading);
  const std::size_t beside = 11 + text.size();
  constexpr std::size_t kLeastBar = 12;
  if (reading.limit_bytes > 0 && columns >= beside + kLeastBar) {
    lines.push_back(
        {fmt::format("memory     {} {}",
                     memory_bar(reading.usage_pct(), view.marks, columns - beside - 1), text),
         colour_of(view.level)});
  } else {
    lines.push_back({"memory     " + text, colour_of(view.level)});
  }
  lines.push_back({"level      " + level_text(view), colour_of(view.level)});
  if (!view.lease.empty()) add_wrapped("lease", words_of(view.lease), " ", columns, lines);
  lines.push_back(
      {fmt::format("keys       {}, {} with a TTL", sizes::print_count(reading.keyspace.keys),
                   sizes::print_count(reading.keyspace.with_ttl))});
  if (view.rates) add_wrapped("now", rates_parts(*view.rates), "   ", columns, lines);
  if (view.forecast) {
    lines.push_back({"forecast   used memory " + pressure::describe(view.forecast->total)});
    lines.push_back({"           protected " + pressure::describe(view.forecast->protected_data)});
  }
}

std::string error_text(const TopClass& row) {
  if (!row.byte_share_error) return {};
  if (std::isinf(*row.byte_share_error)) return "±?";
  return fmt::format("±{:.1f}", *row.byte_share_error);
}

ScreenLine class_line(const TopClass& row, bool with_bytes, std::size_t columns) {
  const double share = with_bytes ? row.byte_share_pct : row.key_share_pct;
  const std::string about = row.byte_share_error ? "~" : "";
  const std::string text =
      fmt::format("{:<18} {:5.1f} % {:>11} {:5.1f} % {:<6}", fit(row.name, 18), row.key_share_pct,
                  with_bytes ? about + sizes::print_bytes(std::llround(row.bytes)) : "unknown",
                  with_bytes ? row.byte_share_pct : 0.0, with_bytes ? error_text(row) : "");
  const std::size_t taken = characters(text);
  const std::size_t room = columns > taken ? columns - taken : 0;
  const auto filled = static_cast<std::size_t>(
      std::llround(std::clamp(share, 0.0, 100.0) / 100 * static_cast<double>(room)));
  return {text + std::string(filled, '#')};
}

// As many as there is room for: the last one tells what was left out.
void add_classes(const TopView& view, std::size_t columns, std::size_t room,
                 std::vector<ScreenLine>& lines) {
  if (room < 3) return;
  lines.push_back({});
  lines.push_back(
      {fmt::format("{:<18} {:>7} {:>11} {:>7} {}", "class", "keys", "bytes", "bytes", view.sample),
       kBold});
  room -= 2;
  const std::size_t shown =
      view.classes.size() <= room ? view.classes.size() : std::max<std::size_t>(room, 1) - 1;
  for (std::size_t i = 0; i < shown; ++i) {
    lines.push_back(class_line(view.classes[i], view.with_bytes, columns));
  }
  if (shown < view.classes.size()) {
    lines.push_back({fmt::format("and {} more", view.classes.size() - shown)});
  }
}

std::vector<ScreenLine> last_lines(const TopView& view) {
  constexpr std::size_t kMostActions = 3;
  std::vector<ScreenLine> lines;
  if (view.with_actions) {
    lines.push_back({});
    for (std::size_t i = 0; i < std::min(kMostActions, view.actions.size()); ++i) {
      lines.push_back({view.actions[i]});
    }
    if (view.actions.empty()) lines.push_back({"nothing was done yet"});
  }
  lines.push_back({"q quits", kBold});
  return lines;
}

}  // namespace

std::string memory_bar(double usage_pct, const PressureOptions& marks, std::size_t width) {
  if (width < 3) return {};
  const std::size_t inner = width - 2;
  const auto place = [inner](double pct) {
    const double at = std::clamp(pct, 0.0, 100.0) / 100 * static_cast<double>(inner);
    return std::min(inner - 1, static_cast<std::size_t>(at));
  };
  std::string bar(inner, '.');
  for (const double mark :
       {marks.stop_shedding_pct, marks.start_shedding_pct, marks.emergency_pct}) {
    bar[place(mark)] = '|';
  }
  const auto filled = static_cast<std::size_t>(
      std::llround(std::clamp(usage_pct, 0.0, 100.0) / 100 * static_cast<double>(inner)));
  for (std::size_t i = 0; i < filled; ++i) {
    if (bar[i] == '.') bar[i] = '#';
  }
  return "[" + bar + "]";
}

std::string top_screen(const TopView& view, std::size_t columns, std::size_t rows, bool colours) {
  std::vector<ScreenLine> lines;
  const std::string title = "redkeep    " + view.server;
  lines.push_back({fmt::format("{:<{}} {}", fit(title, columns - std::min<std::size_t>(columns, 9)),
                               columns - std::min<std::size_t>(columns, 9), view.clock),
                   kBold});
  add_memory(view, columns, lines);
  const auto last = last_lines(view);
  const std::size_t taken = lines.size() + last.size();
  if (rows > taken) add_classes(view, columns, rows - taken, lines);
  // The last lines stay at the bottom.
  while (lines.size() + last.size() < rows) lines.push_back({});
  lines.insert(lines.end(), last.begin(), last.end());
  if (lines.size() > rows) lines.resize(rows);

  std::string frame = "\x1b[H";
  for (std::size_t i = 0; i < lines.size(); ++i) {
    const bool is_coloured = colours && !lines[i].colour.empty();
    if (is_coloured) frame += lines[i].colour;
    frame += fit(lines[i].text, columns);
    if (is_coloured) frame += kPlain;
    frame += "\x1b[K";
    if (i + 1 < lines.size()) frame += "\r\n";
  }
  return frame + "\x1b[J";
}

std::string top_line(const TopView& view) {
  if (view.no_answer_for) {
    return fmt::format("{}  {}\n", view.clock, silence_text(*view.no_answer_for));
  }
  if (!view.reading) return fmt::format("{}  no reading: {}\n", view.clock, view.failure);
  std::string text =
      fmt::format("{}  {}  {}", view.clock, memory_text(*view.reading), to_string(view.level));
  if (view.rates) text += fmt::format("  {}", fmt::join(rates_parts(*view.rates), "   "));
  constexpr std::size_t kMostClasses = 3;
  for (std::size_t i = 0; i < std::min(kMostClasses, view.classes.size()); ++i) {
    const auto& row = view.classes[i];
    // Of a sample as the screen has it: about, and how far off it may be.
    const std::string error = view.with_bytes ? error_text(row) : "";
    text += fmt::format("  {} {}{:.0f} %{}", row.name, row.byte_share_error ? "~" : "",
                        view.with_bytes ? row.byte_share_pct : row.key_share_pct,
                        error.empty() ? "" : " " + error);
  }
  return text + "\n";
}

}  // namespace redkeep::app
