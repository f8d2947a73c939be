#include "app/inspection_keeper.h"

#include <spdlog/spdlog.h>

#include <algorithm>
#include <random>

#include "app/census_taking.h"
#include "app/examination.h"
#include "guard/stop_wake.h"
#include "plan/take_picture.h"

namespace redkeep::app {
namespace {

namespace asio = boost::asio;
using Clock = std::chrono::steady_clock;

// Of the time, while a sample is taken: 6,000 keys take a server some 30 ms, and with that share of
// the time 3 s; up to 24,000 keys are walked instead and take a minute where the server is busy.
constexpr double kDuty = 0.01;
constexpr std::size_t kInspectionSampleKeys = 6000;
// What has no pauses of its own is rested after so many times as long.
constexpr int kRestFactor = 100;
constexpr std::chrono::seconds kRetryAfter{10};
// Until there is a first reading, which takes an interval of the guard.
constexpr std::chrono::milliseconds kCalmAgain{500};

}  // namespace

InspectionKeeper::InspectionKeeper(asio::any_io_executor executor, Settings settings,
                                   const keys::ClassTable& table, const guard::Snapshot& snapshot,
                                   Inspections& inspections)
    : executor_(executor),
      settings_(std::move(settings)),
      table_(table),
      snapshot_(snapshot),
      inspections_(inspections),
      client_(redis::Client::create(executor, settings_.options.endpoint)) {}

asio::awaitable<void> InspectionKeeper::run(std::stop_token stop) {
  if (inspections_.every.count() == 0) co_return;
  guard::StopWake wake(executor_, stop, client_);
  while (!stop.stop_requested()) {
    Clock::duration wait = kCalmAgain;
    if (is_calm()) wait = co_await look(stop);
    if (stop.stop_requested()) break;
    co_await wake.pause_for(wait);
  }
  client_->close();
}

bool InspectionKeeper::is_calm() const {
  return snapshot_.level == PressureLevel::Normal || snapshot_.level == PressureLevel::Warning;
}

// How long to rest. The doctor comes first: it takes a moment, the sample some seconds.
asio::awaitable<Clock::duration> InspectionKeeper::look(std::stop_token stop) {
  const auto begun = Clock::now();
  Status done = co_await ask_doctor();
  const auto busy = Clock::now() - begun;
  if (done && !stop.stop_requested()) done = co_await take_census(stop);
  if (done && !stop.stop_requested()) done = co_await make_plan(stop);
  if (!done) {
    spdlog::debug("the look in the background was not complete: {}", done.error().message);
    co_return std::max<Clock::duration>(kRetryAfter, busy * kRestFactor);
  }
  co_return std::max<Clock::duration>(inspections_.every, busy * kRestFactor);
}

asio::awaitable<Status> InspectionKeeper::ask_doctor() {
  auto found = co_await examine(client_, table_, settings_.options);
  if (!found) co_return found.error();
  DoctorVisit visit;
  visit.json = doctor_json(found->report(settings_));
  visit.findings = std::move(found->findings);
  inspections_.doctor = {std::move(visit), Clock::now(), std::chrono::system_clock::now()};
  co_return Status{};
}

asio::awaitable<Status> InspectionKeeper::take_census(std::stop_token stop) {
  auto ground = co_await look_around(client_, settings_.options);
  if (!ground) co_return ground.error();
  census::SampleOptions how;
  how.keys = kInspectionSampleKeys;
  how.duty = kDuty;
  how.seed = std::random_device{}();
  const std::function<void(std::int64_t)> untold;
  auto report = co_await take_sampled_report(client_, settings_.options, table_, std::move(*ground),
                                             how, std::move(stop), untold);
  if (!report) co_return report.error();
  inspections_.census = {std::move(*report), Clock::now(), std::chrono::system_clock::now()};
  co_return Status{};
}

asio::awaitable<Status> InspectionKeeper::make_plan(std::stop_token stop) {
  plan::PictureOptions how;
  how.sample_keys = kInspectionSampleKeys;
  how.duty = kDuty;
  how.seed = std::random_device{}();
  const std::function<void(std::int64_t)> untold;
  auto picture =
      co_await plan::take_picture(client_, settings_.options, table_, how, std::move(stop), untold);
  if (!picture) co_return picture.error();
  inspections_.plan = {plan_at_usual_limits(std::move(*picture), settings_.options.pressure),
                       Clock::now(), std::chrono::system_clock::now()};
  co_return Status{};
}

}  // namespace redkeep::app
