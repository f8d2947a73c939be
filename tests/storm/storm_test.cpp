// Days of random weather, decided on by the guard's own judgement. What must never be, never is.
//   REDKEEP_STORM_SEED=N   repeats a run (the seed is printed)
//   REDKEEP_STORM_DAYS=N   1,000 in a release build, fewer under the sanitizers
#include <gtest/gtest.h>

#include <cstdio>
#include <cstdlib>
#include <optional>

#include "guard/judgement.h"
#include "storm/simulated_server.h"

namespace redkeep::storm {
namespace {

using namespace std::chrono_literals;

#ifdef __SANITIZE_ADDRESS__
constexpr std::uint64_t kDays = 10;
#else
constexpr std::uint64_t kDays = 1000;
#endif
// Readings and shedding follow a flood within this time.
constexpr Clock::duration kTimeEnough = 2s;
// Less room than what flows in meanwhile is lost between two readings.
constexpr double kHeadStartSeconds = 0.1;
constexpr auto kTick = 500ms;

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
  const char* text = std::getenv(variable);
  return text != nullptr ? std::strtoull(text, nullptr, 10) : otherwise;
}

KeyClass entries(const std::string& name, std::chrono::seconds ttl, ShedAt shed_at, int order) {
  KeyClass made;
  made.name = name;
  made.patterns = {name + ":*"};
  made.level = KeyLevel::Evictable;
  made.ttl = ttl;
  made.shed_at = shed_at;
  made.shed_order = order;
  return made;
}

// One class of each kind that decisions tell apart: a day has 86,400 readings, and each looks at
// all.
const keys::ClassTable& table() {
  KeyClass lasting;
  lasting.name = "entities";
  lasting.patterns = {"entity:*"};
  static const auto compiled =
      keys::ClassTable::compile("reed:", {lasting, entries("pages", 300s, ShedAt::Warning, 1),
                                          entries("templates", 900s, ShedAt::Warning, 3),
                                          entries("sessions", 86400s, ShedAt::Critical, 9),
                                          entries("locks", 30s, ShedAt::Never, 0)});
  return *compiled;
}

// Watches one day from outside and notes every broken promise.
class Witness {
 public:
  Witness(const SimulatedServer& server, const PressureOptions& options)
      : server_(server), options_(options) {}

  void see(const pressure::Pressure& pressure, const shed::ShedPlan& plan) {
    if (pressure.level == PressureLevel::Blind) {
      EXPECT_TRUE(plan.empty()) << "shed while blind";
    } else {
      see_level(pressure.level);
      see_plan(pressure.level, plan);
    }
    see_use(pressure.level);
    EXPECT_EQ(server_.wrongly_shed_bytes(), 0);
  }

  void see_content_used(const pressure::Pressure& pressure) {
    EXPECT_NE(pressure.level, PressureLevel::Blind);
    const auto now = server_.now();
    if (content_used_) {
      EXPECT_GE(now - *content_used_, options_.restore_cool_down);
    }
    content_used_ = now;
  }

  std::int64_t level_changes = 0;
  double over_limit_seconds = 0;

 private:
  // A lower level comes no sooner than the dwell after the higher one was entered.
  void see_level(PressureLevel level) {
    if (level == level_) return;
    if (level < level_) {
      EXPECT_GE(server_.now() - entered_, options_.dwell) << "a flap";
    }
    level_ = level;
    entered_ = server_.now();
    ++level_changes;
  }

  void see_plan(PressureLevel level, const shed::ShedPlan& plan) {
    bool last_resort_begun = false;
    for (const auto& step : plan.steps) {
      for (const auto index : step.classes) {
        const KeyClass& key_class = table().at(index);
        EXPECT_EQ(key_class.level, KeyLevel::Evictable);
        EXPECT_NE(key_class.shed_at, ShedAt::Never);
        const bool is_last_resort = key_class.shed_at == ShedAt::Critical;
        EXPECT_FALSE(is_last_resort && level != PressureLevel::Critical);
        EXPECT_FALSE(last_resort_begun && !is_last_resort) << "pages after sessions";
        last_resort_begun |= is_last_resort;
      }
    }
  }

  // At the limit, with something expendable left, for longer than it takes to act.
  void see_use(PressureLevel level) {
    const Holdings held = server_.holdings();
    const double room = server_.limit_bytes() - held.lasting - held.last_resort;
    const bool excused = level == PressureLevel::Blind ||
                         room < kHeadStartSeconds * server_.inflow() ||
                         held.expendable < 0.01 * server_.limit_bytes();
    const bool over = server_.used_bytes() >= 0.999 * server_.limit_bytes();
    if (!over || excused) {
      over_since_.reset();
      return;
    }
    if (!over_since_) over_since_ = server_.now();
    EXPECT_LE(server_.now() - *over_since_, kTimeEnough)
        << "above the limit at " << to_string(level) << ", of " << server_.limit_bytes()
        << " bytes lasting " << held.lasting << ", expendable " << held.expendable
        << ", last resort " << held.last_resort;
  }

  const SimulatedServer& server_;
  PressureOptions options_;
  PressureLevel level_ = PressureLevel::Normal;
  Clock::time_point entered_{};
  std::optional<Clock::time_point> over_since_;
  std::optional<Clock::time_point> content_used_;
};

struct DaySum {
  std::int64_t ticks = 0;
  std::int64_t level_changes = 0;
  std::int64_t sheds = 0;
  double evicted_bytes = 0;
};

DaySum live_through_a_day(std::uint64_t seed) {
  SimulatedServer server(table(), seed);
  const PressureOptions options;
  guard::Judgement judgement(table(), options);
  Witness witness(server, options);
  DaySum sum;
  for (const auto end = server.now() + 24h; server.now() < end; ++sum.ticks) {
    const auto pressure = server.answers() ? judgement.judge(server.reading(), server.now())
                                           : judgement.blind(server.now());
    const auto plan = judgement.plan(pressure, server.now());
    witness.see(pressure, plan);
    const auto outcome = server.shed(plan, kTick);
    judgement.note_shed(pressure, plan, outcome, server.now());
    sum.sheds += outcome.keys() > 0 ? 1 : 0;
    if (judgement.take_content_turn(pressure, plan, outcome, server.now())) {
      witness.see_content_used(pressure);
    }
    server.pass(std::max<Clock::duration>(judgement.next_reading_in(), 1ms));
  }
  sum.level_changes = witness.level_changes;
  sum.evicted_bytes = server.evicted_bytes();
  return sum;
}

TEST(Storm, NoPromiseIsBrokenInDaysOfRandomWeather) {
  const auto seed = number_from("REDKEEP_STORM_SEED", std::random_device{}());
  const auto days = number_from("REDKEEP_STORM_DAYS", kDays);
  std::printf("REDKEEP_STORM_SEED=%llu REDKEEP_STORM_DAYS=%llu\n",
              static_cast<unsigned long long>(seed), static_cast<unsigned long long>(days));
  DaySum all;
  for (std::uint64_t day = 0; day < days && !HasFailure(); ++day) {
    SCOPED_TRACE("day " + std::to_string(day));
    const DaySum sum = live_through_a_day(seed * 1'000'003 + day);
    all.ticks += sum.ticks;
    all.level_changes += sum.level_changes;
    all.sheds += sum.sheds;
    all.evicted_bytes += sum.evicted_bytes;
  }
  std::printf("%lld readings, %lld level changes, %lld times shed, %.0f MB evicted by the server\n",
              static_cast<long long>(all.ticks), static_cast<long long>(all.level_changes),
              static_cast<long long>(all.sheds), all.evicted_bytes / 1e6);
  // A storm that never came would prove nothing.
  EXPECT_GT(all.level_changes, static_cast<std::int64_t>(days));
  EXPECT_GT(all.sheds, static_cast<std::int64_t>(days));
}

}  // namespace
}  // namespace redkeep::storm
