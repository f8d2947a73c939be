#include "recovery/verify/damage_names.h"

#include "error/error.h"
#include "recovery/csv/content_walk.h"
#include "redis/beside.h"

namespace redkeep::recovery {
namespace {

constexpr std::size_t kNamedRowsAtOnce = 1000;

// A sink of content::spread(): tells each key that is among those asked for, once.
struct Namer {
  const keys::FingerprintSet& wanted;
  const std::function<bool(std::string_view)>& name;
  keys::FingerprintSet named = {};
  bool goes_on = true;

  void take(std::string_view key) {
    const std::uint64_t print = key_print(key);
    if (goes_on && wanted.contains(print) && named.insert(print)) goes_on = name(key);
  }
  void hash(std::string_view key, const content::HashFields&) { take(key); }
  void string(std::string_view key, std::string_view) { take(key); }
  std::string_view member(std::string_view bytes) const { return bytes; }
  void in_set(std::string_view key, std::string_view) { take(key); }
};

Status walk_for_names(const keys::KeySchema& schema, const ContentCheck& check,
                      const std::string& directory, const keys::FingerprintSet& missing,
                      const std::stop_token& stop,
                      const std::function<bool(std::string_view)>& name) {
  ContentWalk walk(schema, check, directory, WalkWords::Cut);
  Namer namer{missing, name};
  while (namer.goes_on && namer.named.size() < missing.size()) {
    if (stop.stop_requested()) return interrupted();
    const auto more = walk.next(kNamedRowsAtOnce, namer);
    if (!more) return more.error();
    if (!*more) break;
  }
  return {};
}

}  // namespace

redis::awaitable<Status> name_missing(const keys::KeySchema& schema, const ContentCheck& check,
                                      const std::string& directory,
                                      const keys::FingerprintSet& missing, std::stop_token stop,
                                      const std::function<bool(std::string_view)>& name) {
  const auto walk_it = [&] {
    return walk_for_names(schema, check, directory, missing, stop, name);
  };
  co_return co_await redis::beside(walk_it);
}

redis::awaitable<Status> name_present(std::shared_ptr<redis::Connection> connection,
                                      const GraphClasses& classes, std::stop_token stop,
                                      std::function<void(std::string_view)> name) {
  std::function<void(const SeenKey&)> see = [&name](const SeenKey& seen) { name(seen.key); };
  const LookAt names_alone{false, false};
  co_return co_await look_at_graph(std::move(connection), classes, names_alone, std::move(stop),
                                   std::move(see));
}

}  // namespace redkeep::recovery
