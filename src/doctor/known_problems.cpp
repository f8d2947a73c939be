// A row is a range of versions in which something was wrong that can be mended by another version
// of the same line. Distributions mend without changing the number (Debian's 7.0.15 has the fixes
// of 2024 and 2025), so rows end where a distribution's version may begin: a warning that is not
// true is worse than none.
#include "doctor/known_problems.h"

#include <array>
#include <charconv>
#include <optional>
#include <string_view>

namespace redkeep::doctor {
namespace {

using Version = std::array<int, 3>;

enum class Product { Redis, Valkey };

struct Row {
  Product product;
  Version from;      // the first that has it
  Version fixed_in;  // the first that has not
  bool is_critical;
  std::string_view what;
};

constexpr Row kRows[] = {
    {Product::Redis,
     {0, 0, 0},
     {6, 0, 0},
     true,
     "there are no users and permissions (ACL), and no fixes any more"},
    {Product::Redis,
     {6, 0, 0},
     {7, 0, 0},
     false,
     "PEXPIRE has no XX: shedding needs a script, which a server may refuse"},
    {Product::Redis,
     {7, 0, 0},
     {7, 0, 12},
     true,
     "CVE-2022-24834: a script can overflow the heap (cjson, cmsgpack)"},
    {Product::Redis,
     {7, 0, 9},
     {7, 0, 15},
     true,
     "CVE-2023-41056: resizing buffers can overflow the heap"},
    {Product::Redis,
     {7, 2, 0},
     {7, 2, 4},
     true,
     "CVE-2023-41056: resizing buffers can overflow the heap"},
    {Product::Redis,
     {7, 2, 4},
     {7, 2, 11},
     true,
     "CVE-2025-49844: a script can run any code on the machine"},
    {Product::Redis,
     {7, 4, 0},
     {7, 4, 6},
     true,
     "CVE-2025-49844: a script can run any code on the machine"},
    {Product::Redis,
     {8, 0, 0},
     {8, 0, 4},
     true,
     "CVE-2025-49844: a script can run any code on the machine"},
    {Product::Redis,
     {8, 2, 0},
     {8, 2, 2},
     true,
     "CVE-2025-49844: a script can run any code on the machine"},
    {Product::Valkey,
     {7, 2, 0},
     {7, 2, 11},
     true,
     "CVE-2025-49844: a script can run any code on the machine"},
    {Product::Valkey,
     {8, 0, 0},
     {8, 0, 6},
     true,
     "CVE-2025-49844: a script can run any code on the machine"},
    {Product::Valkey,
     {8, 1, 0},
     {8, 1, 4},
     true,
     "CVE-2025-49844: a script can run any code on the machine"},
};

std::optional<Version> parse_version(std::string_view text) {
  Version version{};
  for (int& part : version) {
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), part);
    if (failure != std::errc{}) return std::nullopt;
    text.remove_prefix(static_cast<std::size_t>(end - text.data()));
    if (text.starts_with('.')) text.remove_prefix(1);
  }
  return version;
}

std::string print(const Version& version) {
  return std::to_string(version[0]) + '.' + std::to_string(version[1]) + '.' +
         std::to_string(version[2]);
}

}  // namespace

std::vector<KnownProblem> known_problems(const redis::ServerInfo& info) {
  // Dragonfly and KeyDB have versions of their own under Redis's name.
  if (info.text("dragonfly_version") || info.text("storage_provider")) return {};
  const auto valkey = info.text("valkey_version");
  const auto text = valkey ? valkey : info.text("redis_version");
  const auto version = text ? parse_version(*text) : std::nullopt;
  std::vector<KnownProblem> problems;
  if (!version) return problems;
  for (const Row& row : kRows) {
    if (row.product != (valkey ? Product::Valkey : Product::Redis)) continue;
    if (*version < row.from || *version >= row.fixed_in) continue;
    problems.push_back({std::string(row.what), print(row.fixed_in), row.is_critical});
  }
  return problems;
}

}  // namespace redkeep::doctor
