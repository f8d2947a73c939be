#pragma once
// The page that tests of single keys and rows are about.
#include <string_view>

#include "content/record_view.h"
#include "keys/key_schema.h"

namespace redkeep::recovery {

inline const keys::KeySchema kSchema("reed:");

inline constexpr std::string_view kHut = "00000000-0000-4000-8000-000000000001";
inline constexpr std::string_view kSoup = "00000000-0000-4000-8000-000000000002";

inline const content::EntityView kPage{kHut,  "page", "$hut", R"({"title":"Hut"})",
                                       "eva", "2026", ""};

}  // namespace redkeep::recovery
