#pragma once
// What a person is told when memory is above the warning mark and shedding cannot help. Pure.
#include <optional>
#include <string>

#include "keys/class_table.h"
#include "redkeep/options.h"
#include "redkeep/statistics.h"

namespace redkeep::guard {

/// "nothing is left that may go at warning; sessions go only at 95.0 %": the classes that go at
/// critical only are named as far as a census has met keys of them, all of them before the first
/// one.
std::string nothing_left_at_warning(const std::optional<Statistics>& census,
                                    const keys::ClassTable& table, const PressureOptions& marks);

}  // namespace redkeep::guard
