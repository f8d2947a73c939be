#include "live/filling.h"

namespace redkeep::test {

std::vector<std::string> write_keys(Commands& redis, const KeyKind& kind, int count) {
  static int last_number = 0;
  std::vector<std::string> names;
  std::vector<Command> commands;
  const std::string value(kind.bytes, 'x');
  for (int i = 0; i < count; ++i) {
    names.push_back(kind.start + std::to_string(++last_number) + kind.end);
    commands.push_back({"SET", names.back(), value});
    if (kind.ttl_seconds == 0) continue;
    commands.back().insert(commands.back().end(), {"EX", std::to_string(kind.ttl_seconds)});
  }
  redis.run_all(commands);
  return names;
}

std::vector<std::string> fill_until(Commands& redis, const KeyKind& kind,
                                    const std::function<bool()>& done) {
  constexpr int kMostRounds = 2000;
  std::vector<std::string> names;
  for (int round = 0; round < kMostRounds && !done(); ++round) {
    for (auto& name : write_keys(redis, kind, 50)) names.push_back(std::move(name));
  }
  return names;
}

std::vector<std::string> fill_to(Commands& redis, const KeyKind& kind, double pct) {
  return fill_until(redis, kind, [&] { return redis.usage_pct() >= pct; });
}

}  // namespace redkeep::test
