// Days of memory in milliseconds: what the forecast says of growth, of the teeth of a saw, of daily
// cycles, and of protected data that grows where nobody looks.
#include "pressure/forecast.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <numbers>
#include <random>

namespace redkeep::pressure {
namespace {

using std::chrono::hours;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr std::int64_t kForecastLimit = std::int64_t{1} << 30;
constexpr minutes kBetweenLooks{17};

std::int64_t bytes_of(double pct) { return static_cast<std::int64_t>(pct / 100 * kForecastLimit); }

double hours_of(const std::optional<seconds>& duration) {
  return duration ? static_cast<double>(duration->count()) / 3600 : -1;
}

// Percent of the limit by hours since the beginning.
using Course = std::function<double(double)>;

// A server whose memory follows a course: a reading every ten seconds, a census every minute.
class Simulated {
 public:
  void run(seconds duration, const Course& total, const Course& protected_data = {}) {
    for (const auto end = now_ + duration; now_ < end;) {
      step(total, protected_data);
      now_ += seconds{10};
    }
  }

  // The same; looks now and then (a look takes milliseconds with the sanitizers, and no period here
  // is a multiple of that time), and says how often what is foreseen was like this.
  int count_where(seconds duration, const Course& total, const Course& protected_data,
                  const std::function<bool(const Forecast&)>& is_so) {
    int count = 0;
    for (const auto end = now_ + duration; now_ < end; now_ += seconds{10}) {
      step(total, protected_data);
      if ((now_ - begun_) % kBetweenLooks == seconds{0} && is_so(forecast())) ++count;
    }
    return count;
  }

  Forecast forecast() const { return forecaster_.judge(now_); }
  std::optional<std::string> alarm() const { return alarm(forecast()); }
  std::optional<std::string> alarm(const Forecast& foreseen) const {
    return protected_growth_alarm(foreseen, reading_.limit_bytes, marks);
  }
  double hour() const {
    return std::chrono::duration<double, std::ratio<3600>>(now_ - begun_).count();
  }

  void restart() { reading_.run_id = "another"; }
  void limit_to(std::int64_t bytes) { reading_.limit_bytes = bytes; }
  void nothing_for(hours gap) { now_ += gap; }

  PressureOptions marks;

 private:
  void step(const Course& total, const Course& protected_data) {
    reading_.used_bytes = bytes_of(total(hour()));
    forecaster_.note(reading_, now_);
    if (protected_data && (now_ - begun_) % minutes{1} == seconds{0}) {
      forecaster_.note_protected(bytes_of(protected_data(hour())), now_);
    }
  }

  static MemoryReading at_first() {
    MemoryReading reading;
    reading.limit_bytes = kForecastLimit;
    reading.run_id = "one";
    return reading;
  }

  MemoryReading reading_ = at_first();
  Forecaster forecaster_{marks};
  const TimePoint begun_{hours{1000}};
  TimePoint now_ = begun_;
};

Course steady(double from_pct, double pct_per_hour) {
  return [=](double hour) { return from_pct + pct_per_hour * hour; };
}

// Rises from `low` to `high`, stays there for 20 seconds, and falls back at once.
Course saw(double low, double high, double period_hours) {
  return [=](double hour) {
    return low + (high - low) *
                     std::min(1.0, std::fmod(hour, period_hours) / (period_hours - 20 / 3600.0));
  };
}

// High at six hours after the beginning, plus growth; `begin` shifts the hour of the day.
Course daily(double middle_pct, double swing_pct, double pct_per_hour = 0, double begin = 0) {
  return [=](double hour) {
    return middle_pct + pct_per_hour * hour +
           swing_pct * std::sin(2 * std::numbers::pi * (hour + begin) / 24);
  };
}

// The same course with noise of this standard deviation.
Course noisy(const Course& course, double deviation_pct) {
  auto random = std::make_shared<std::mt19937>(7);
  return [=](double hour) {
    return course(hour) + std::normal_distribution<double>(0, deviation_pct)(*random);
  };
}

void expect_near(const std::optional<seconds>& foreseen, double true_hours) {
  ASSERT_TRUE(foreseen) << "nothing foreseen";
  EXPECT_NEAR(hours_of(foreseen), true_hours, 0.1 * true_hours);
}

TEST(Forecast, SaysNothingBeforeItHasSeenAnything) {
  Simulated server;
  EXPECT_EQ(server.forecast().total.outlook, Outlook::NotKnown);
  EXPECT_EQ(server.forecast().protected_data.outlook, Outlook::NotKnown);
  server.run(hours{1}, steady(40, 0));
  EXPECT_EQ(server.forecast().total.outlook, Outlook::Steady);
  EXPECT_EQ(server.forecast().protected_data.outlook, Outlook::NotKnown) << "without a census";
  EXPECT_EQ(describe(server.forecast().protected_data), "not known yet");
}

TEST(Forecast, MeetsSteadyGrowthWithinATenth) {
  Simulated server;
  server.run(hours{6}, steady(60, 3));
  const auto total = server.forecast().total;
  EXPECT_EQ(total.outlook, Outlook::Growing);
  EXPECT_NEAR(total.growth_bytes_per_hour, 0.03 * kForecastLimit, 0.003 * kForecastLimit);
  expect_near(total.warning_in, 7 / 3.0);
}

TEST(Forecast, SeesFloodsOfSecondsAndLeaksOfDays) {
  Simulated flooded;
  flooded.run(hours{1},
              [](double hour) { return hour < 11 / 12.0 ? 40 : 40 + 540 * (hour - 11 / 12.0); });
  expect_near(flooded.forecast().total.limit_in, 15 / 540.0);
  Simulated leaking;
  leaking.run(hours{100}, steady(20, 0.1), steady(10, 0.1));
  expect_near(leaking.forecast().total.limit_in, 700);
  expect_near(leaking.forecast().protected_data.limit_in, 800);
  EXPECT_FALSE(leaking.alarm()) << "that is a month away";
}

TEST(Forecast, DoesNotSeeFurtherThanHalfOfWhatItHasSeen) {
  Simulated server;
  server.run(hours{2}, steady(20, 3));
  EXPECT_EQ(server.forecast().total.outlook, Outlook::Growing);
  EXPECT_FALSE(server.forecast().total.limit_in) << "25 hours ahead after two";
}

// As a tester saw it: a server of 40 MiB is filled in ten seconds, its sessions are shed to 90 %,
// and then nothing comes. {seconds, percent of the limit} as the guard has logged them.
TEST(Forecast, AFloodThatHasEndedIsNoGrowthAndNeverInNoTime) {
  constexpr std::pair<double, double> kSeen[] = {
      {23.9, 2.7},  {28.9, 24.5}, {30.0, 35.0}, {30.3, 56.9}, {33.7, 85.3}, {34.3, 95.2},
      {34.9, 98.6}, {35.9, 98.4}, {36.9, 94.8}, {37.9, 93.5}, {38.9, 91.7}, {39.9, 90.1},
      {40.6, 90.0}, {63.7, 89.9}, {66.0, 90.0}, {200, 90.0}};
  // Wherever the borders of the points lie.
  for (int shift = 0; shift < 10; ++shift) {
    Forecaster forecaster{PressureOptions{}};
    MemoryReading reading;
    reading.limit_bytes = kForecastLimit;
    const TimePoint begun = TimePoint{hours{1000}} + seconds{shift};
    std::size_t at = 0;
    for (int tick = 240; tick < 1200; ++tick) {
      while (kSeen[at + 1].first <= tick / 10.0) ++at;
      reading.used_bytes = bytes_of(kSeen[at].second);
      const auto now = begun + std::chrono::milliseconds{100 * tick};
      forecaster.note(reading, now);
      const auto total = forecaster.judge(now).total;
      const auto said = fmt::format("{} after {} s: {}", shift, tick / 10.0, describe(total));
      if (total.limit_in) {
        EXPECT_GT(total.limit_in->count(), 0) << said;
      }
      if (tick >= 700) {
        EXPECT_FALSE(total.limit_in) << said;  // flat for 30 s
      }
    }
  }
}

TEST(Forecast, ACacheThatIsShedAtItsMarkIsHeldThere) {
  for (const double period : {0.01, 0.2, 1.0, 5.0, 30.0}) {
    Simulated server;
    const Course teeth = saw(80, 85.001, period);
    const Course filling = [&](double hour) { return hour < 1 ? 30 + 55 * hour : teeth(hour - 1); };
    server.run(hours{1 + static_cast<int>(std::ceil(period))} + hours{1}, filling);
    const auto not_held =
        server.count_where(hours{100}, filling, {}, [&](const Forecast& forecast) {
          return forecast.total.outlook != Outlook::Held || forecast.total.limit_in ||
                 forecast.total.warning_in;
        });
    EXPECT_EQ(not_held, 0) << "with teeth of " << period << " h";
  }
}

TEST(Forecast, IsNotHeldWhereSheddingDoesNotBringItBack) {
  Simulated server;
  server.run(hours{10}, saw(80, 85.001, 0.5));
  ASSERT_EQ(server.forecast().total.outlook, Outlook::Held);
  server.run(hours{5}, [](double hour) { return 85.1 + 2 * (hour - 10); });
  const auto total = server.forecast().total;
  EXPECT_EQ(total.outlook, Outlook::Growing);
  EXPECT_EQ(total.warning_in, seconds{0});
  expect_near(total.limit_in, (100 - 95.1) / 2);
}

TEST(Forecast, TeethBelowTheMarkAreNoGrowth) {
  Simulated server;
  server.run(hours{2}, saw(40, 60, 0.3));
  const auto foreseen =
      server.count_where(hours{50}, saw(40, 60, 0.3), {}, [](const Forecast& forecast) {
        return forecast.total.limit_in || forecast.total.warning_in;
      });
  EXPECT_EQ(foreseen, 0);
}

TEST(Forecast, GrowthUnderTheTeethIsThatOfTheirFeet) {
  Simulated server;
  server.run(hours{6}, [](double hour) {
    const auto second = std::llround(hour * 3600);
    return 60 + 3 * hour + 3.0 * static_cast<double>(second % 180) / 180;
  });
  expect_near(server.forecast().total.warning_in, 7 / 3.0);
}

// The important one: everything looks calm, and in some days nothing is left to shed.
TEST(Forecast, ProtectedDataThatGrowsUnderAHeldTotalIsAnAlarm) {
  Simulated server;
  const Course total = saw(80, 85.001, 0.2);
  const Course growing = steady(30, 0.3);  // at the limit after 233 hours
  const auto alarms = server.count_where(hours{24}, total, growing, [&](const Forecast& forecast) {
    return bool(server.alarm(forecast));
  });
  EXPECT_EQ(alarms, 0) << "nobody can know after a day";
  server.run(hours{76}, total, growing);
  EXPECT_EQ(server.forecast().total.outlook, Outlook::Held);
  const auto protected_data = server.forecast().protected_data;
  EXPECT_EQ(protected_data.outlook, Outlook::Growing);
  expect_near(protected_data.limit_in, 133);
  expect_near(protected_data.warning_in, 83);
  ASSERT_TRUE(server.alarm());
  EXPECT_NE(server.alarm()->find("protected data reaches the limit of 1.0 GiB in 5d"),
            std::string::npos)
      << *server.alarm();
  server.marks.protected_full_within = hours{100};
  EXPECT_FALSE(server.alarm());
}

TEST(Forecast, AFastLeakOfProtectedDataIsAnAlarmLongBeforeItIsFull) {
  Simulated server;
  const auto alarms =
      server.count_where(hours{12}, saw(80, 85.001, 0.2), steady(10, 7.5),
                         [&](const Forecast& forecast) { return bool(server.alarm(forecast)); });
  EXPECT_GE(alarms, hours{2} / kBetweenLooks) << "two hours before it is full";
}

TEST(Forecast, ADailyCycleRaisesNoAlarm) {
  for (const double begin : {0.0, 6.0, 12.0, 18.0}) {
    for (const auto& [middle, swing] : {std::pair{50.0, 10.0}, {50.0, 20.0}, {65.0, 15.0}}) {
      Simulated server;
      const Course course = noisy(daily(middle, swing, 0, begin), 0.2);
      std::string first;
      const auto alarms =
          server.count_where(hours{8 * 24}, steady(90, 0), course, [&](const Forecast& forecast) {
            const auto alarm = server.alarm(forecast);
            if (alarm && first.empty()) first = *alarm + fmt::format(" after {} h", server.hour());
            return bool(alarm);
          });
      EXPECT_EQ(alarms, 0) << middle << " +- " << swing << " from " << begin << ": " << first;
    }
  }
}

TEST(Forecast, GrowthUnderADailyCycleIsFoundAfterThreeDays) {
  Simulated server;
  const Course course = daily(30, 10, 0.2);  // its high is at the limit after 297 hours
  server.run(hours{80}, steady(90, 0), course);
  const auto wrong =
      server.count_where(hours{72}, steady(90, 0), course, [&](const Forecast& forecast) {
        const double true_hours = 297 - server.hour();
        return std::abs(hours_of(forecast.protected_data.limit_in) - true_hours) > 0.1 * true_hours;
      });
  EXPECT_EQ(wrong, 0);
}

TEST(Forecast, AStepIsNoGrowth) {
  Simulated server;
  const Course step = [](double hour) { return hour < 20 ? 40 : 48; };
  const auto foreseen = server.count_where(hours{150}, step, step, [&](const Forecast& forecast) {
    return forecast.total.limit_in || server.alarm(forecast);
  });
  EXPECT_EQ(foreseen, 0);
}

TEST(Forecast, NoiseIsNoGrowthAndHidesNone) {
  Simulated calm;
  const auto foreseen = calm.count_where(
      hours{100}, noisy(steady(60, 0), 1), noisy(steady(40, 0), 1), [](const Forecast& forecast) {
        return forecast.total.limit_in || forecast.protected_data.limit_in;
      });
  EXPECT_EQ(foreseen, 0);
  Simulated growing;
  growing.run(hours{6}, noisy(steady(60, 3), 0.2));
  expect_near(growing.forecast().total.warning_in, 7 / 3.0);
}

TEST(Forecast, ARestartStartsAnew) {
  Simulated server;
  server.run(hours{5}, steady(60, 3), steady(40, 3));
  ASSERT_EQ(server.forecast().total.outlook, Outlook::Growing);
  server.restart();
  server.run(seconds{40}, steady(60, 3));
  EXPECT_EQ(server.forecast().total.outlook, Outlook::NotKnown);
  EXPECT_EQ(server.forecast().protected_data.outlook, Outlook::NotKnown);
}

TEST(Forecast, AChangedLimitStartsTheTotalAnewAndMovesTheEndOfProtectedData) {
  Simulated server;
  server.run(hours{7}, steady(60, 3), steady(55, 5));
  expect_near(server.forecast().protected_data.limit_in, 2);
  server.limit_to(kForecastLimit * 5 / 4);
  server.run(hours{1}, steady(60, 3), steady(55, 5));
  const auto forecast = server.forecast();
  EXPECT_LE(forecast.total.observed, hours{1});
  EXPECT_FALSE(forecast.protected_data.limit_in) << "125 % are six hours away";
}

TEST(Forecast, ADeletionStartsAnew) {
  Simulated server;
  const Course course = [](double hour) {
    return hour < 10 ? 50 + 2 * hour : 20 + 6 * (hour - 10);
  };
  server.run(minutes{18 * 60 + 30}, course);
  const auto total = server.forecast().total;
  EXPECT_EQ(total.outlook, Outlook::Growing);
  expect_near(total.warning_in, (85 - 71) / 6.0);
}

TEST(Forecast, AGapInTheReadingsBendsNothing) {
  Simulated server;
  server.run(hours{3}, steady(60, 1));
  server.nothing_for(hours{2});
  server.run(hours{3}, steady(60, 1));
  EXPECT_NEAR(server.forecast().total.growth_bytes_per_hour, 0.01 * kForecastLimit,
              0.0005 * kForecastLimit);
  server.nothing_for(hours{30 * 24});
  EXPECT_EQ(server.forecast().total.outlook, Outlook::NotKnown) << "what was seen is too old";
}

TEST(Forecast, WithoutALimitNothingIsKnown) {
  Simulated server;
  server.limit_to(0);
  server.run(hours{5}, steady(60, 3), steady(40, 3));
  EXPECT_EQ(server.forecast().total.outlook, Outlook::NotKnown);
  EXPECT_FALSE(server.alarm());
}

TEST(Forecast, SaysInWordsWhatItSees) {
  GrowthOutlook outlook;
  outlook.outlook = Outlook::Growing;
  outlook.growth_bytes_per_hour = 12 << 20;
  outlook.warning_in = hours{3} + minutes{20};
  outlook.limit_in = hours{9 * 24 + 3};
  EXPECT_EQ(describe(outlook),
            "grows by 12.0 MiB an hour, at the warning mark in 3h 20m, at the limit in 9d 3h");
  outlook.limit_in = seconds{0};
  EXPECT_EQ(describe(outlook),
            "grows by 12.0 MiB an hour, at the warning mark in 3h 20m, and has reached the limit");
  outlook.limit_in.reset();
  outlook.warning_in = seconds{0};
  EXPECT_EQ(describe(outlook), "grows by 12.0 MiB an hour");
}

TEST(Forecast, SeenLaterItsTimesAreNearerAndThoseOfBeforeALeapAreGone) {
  constexpr std::int64_t kMib = std::int64_t{1} << 20;
  Forecast foreseen;
  foreseen.total = {Outlook::Growing, 50 * kMib,    3600.0 * kMib / 10,
                    seconds{44},      seconds{140}, minutes{2}};
  const auto at = [](std::int64_t mib) {
    return MemoryUse{mib * kMib, 64 * kMib, 100.0 * static_cast<double>(mib) / 64};
  };
  const Forecast later = seen_later(foreseen, at(51), seconds{10}, {});
  EXPECT_EQ(later.total.warning_in, seconds{34});
  EXPECT_EQ(later.total.limit_in, seconds{130});
  const Forecast deleted = seen_later(foreseen, at(2), seconds{10}, {});
  EXPECT_EQ(deleted.total.outlook, Outlook::NotKnown);
  EXPECT_FALSE(deleted.total.warning_in || deleted.total.limit_in);
  foreseen.total.bytes = 60 * kMib;
  foreseen.total.warning_in = seconds{0};
  EXPECT_EQ(seen_later(foreseen, at(60), seconds{0}, {}).total.warning_in, seconds{0});
  foreseen.total.bytes = 54 * kMib;
  EXPECT_FALSE(seen_later(foreseen, at(54), seconds{0}, {}).total.warning_in) << "at 84 %";
  foreseen.total.outlook = Outlook::Held;
  EXPECT_EQ(seen_later(foreseen, at(56), seconds{9}, {}).total.outlook, Outlook::Held) << "a tooth";
  EXPECT_EQ(seen_later(foreseen, at(20), seconds{9}, {}).total.outlook, Outlook::NotKnown);
  foreseen.protected_data = {Outlook::Growing, 30 * kMib, 1, std::nullopt, hours{2}, hours{4}};
  EXPECT_FALSE(seen_later(foreseen, at(20), seconds{9}, {}).protected_data.limit_in);
}

}  // namespace
}  // namespace redkeep::pressure
