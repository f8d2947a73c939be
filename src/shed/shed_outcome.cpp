#include "shed/shed_outcome.h"

#include <algorithm>
#include <array>

namespace redkeep::shed {
namespace {

struct EndRow {
  ShedEnd end;
  std::string_view name;
  std::string_view words;
};

constexpr std::array kEnds{
    EndRow{ShedEnd::TargetReached, "TargetReached", ""},
    EndRow{ShedEnd::NothingLeft, "NothingLeft", "no key of these classes is left that may go"},
    EndRow{ShedEnd::BudgetSpent, "BudgetSpent",
           "the time or the keys of this step are used up; the next one goes on"},
    EndRow{ShedEnd::NotAllowed, "NotAllowed", "the server does not permit it"},
    EndRow{ShedEnd::Stopped, "Stopped", "on request"},
    EndRow{ShedEnd::LeaseLost, "LeaseLost", "another guard may act by now"},
    EndRow{ShedEnd::BrokenOff, "BrokenOff", "the connection or the server failed on the way"},
};

}  // namespace

std::string_view to_string(ShedEnd end) {
  const auto* const row =
      std::find_if(kEnds.begin(), kEnds.end(), [&](const EndRow& one) { return one.end == end; });
  return row != kEnds.end() ? row->name : "unknown";
}

std::string_view words_for(std::string_view end_name) {
  const auto* const row = std::find_if(kEnds.begin(), kEnds.end(),
                                       [&](const EndRow& one) { return one.name == end_name; });
  return row != kEnds.end() ? row->words : std::string_view{};
}

std::string name_with_words(std::string_view end_name) {
  const std::string_view words = words_for(end_name);
  std::string text(end_name);
  if (!words.empty()) text.append(" (").append(words).append(")");
  return text;
}

}  // namespace redkeep::shed
