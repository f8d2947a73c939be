#include "shed/relief.h"

#include <algorithm>
#include <boost/asio/as_tuple.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "error/error.h"
#include "keys/key_schema.h"
#include "pressure/ask_memory.h"
#include "pressure/pressure_gauge.h"
#include "redis/capabilities.h"
#include "shed/shed_plan.h"
#include "sizes/sizes.h"

namespace redkeep::shed {

namespace asio = boost::asio;

namespace {

using Clock = std::chrono::steady_clock;

// Fruitless rounds never take more than a tenth of the time, and come at most once a second.
constexpr int kRestFactor = 9;
constexpr std::chrono::milliseconds kLeastRest{1000};

}  // namespace

struct Relief::UnderWay {
  explicit UnderWay(const asio::any_io_executor& executor)
      : done(executor, asio::steady_timer::time_point::max()) {}

  std::optional<Result<Relieved>> result;
  asio::steady_timer done;  // never fires: cancelled when the result is there
};

// However the run is left, those who wait for it go on.
class Relief::EndsIt {
 public:
  explicit EndsIt(Relief& relief) : relief_(relief), run_(relief.under_way_) {}
  ~EndsIt() {
    relief_.under_way_.reset();
    run_->done.cancel();
  }
  EndsIt(const EndsIt&) = delete;
  EndsIt& operator=(const EndsIt&) = delete;

 private:
  Relief& relief_;
  std::shared_ptr<UnderWay> run_;
};

redis::awaitable<Result<Relieved>> Relief::run() {
  if (const auto other = under_way_) {
    co_await other->done.async_wait(asio::as_tuple(asio::use_awaitable));
    if (!other->result) co_return interrupted();
    co_return *other->result;
  }
  const auto run = std::make_shared<UnderWay>(co_await asio::this_coro::executor);
  under_way_ = run;
  const EndsIt ends_it(*this);
  auto relieved = co_await relieve();
  run->result.emplace(relieved);
  co_return relieved;
}

redis::awaitable<Result<Relieved>> Relief::relieve() {
  const auto reading = co_await pressure::ask_memory(client_, options_);
  if (!reading) co_return reading.error();
  if (const Status met = co_await meet_server(); !met) co_return met.error();
  pressure::Pressure pressure;
  pressure.reading = *reading;
  pressure.level = pressure::PressureGauge::instantaneous(reading->usage_pct(), options_.pressure);
  pressure.relieving = pressure.level != PressureLevel::Normal;
  auto plan = plan_for_pressure(pressure, table_, options_.pressure);
  Relieved relieved;
  relieved.memory = reading->use();
  if (plan.empty()) co_return relieved;
  // Somebody waits.
  plan.asked_for = true;
  plan.good_below_bytes = ShedStep::kNoBound;
  relieved.had_to_shed = true;
  relieved.outcome = co_await shedder_.run(std::move(plan), ShedBudget{}, ShedMode::Real, {});
  const ShedOutcome& outcome = relieved.outcome;
  if (outcome.end == ShedEnd::BrokenOff) co_return *outcome.failure;
  if (outcome.end == ShedEnd::NothingLeft && outcome.keys() == 0) {
    rests_until_ = Clock::now() + std::max(kRestFactor * outcome.took, kLeastRest);
  }
  pressure.reading.used_bytes = outcome.used_after_bytes;
  relieved.memory = pressure.reading.use();
  co_return relieved;
}

// What the server can do is asked again after each new connection.
redis::awaitable<Status> Relief::meet_server() {
  if (met_generation_ == client_->generation()) co_return Status{};
  const auto generation = client_->generation();
  auto found = co_await redis::probe_capabilities(
      client_, keys::KeySchema(options_.prefix).guard("probe"), redis::ServerSettings::MayChange);
  if (!found) co_return found.error();
  shedder_.use(std::move(*found));
  met_generation_ = generation;
  co_return Status{};
}

redis::awaitable<std::string> Relief::make_room() {
  if (rests_until_ && Clock::now() < *rests_until_) {
    co_return "nothing was left to shed a moment ago";
  }
  const auto relieved = co_await run();
  if (!relieved) co_return fmt::format("shedding failed: {}", relieved.error().message);
  if (!relieved->had_to_shed) co_return "usage is below the marks, so nothing was shed";
  const std::int64_t keys = relieved->outcome.keys();
  co_return fmt::format("{} {} shed: {}", sizes::print_counted(keys, "key"),
                        sizes::by_count(keys, "was", "were"), to_string(relieved->outcome.end));
}

}  // namespace redkeep::shed
