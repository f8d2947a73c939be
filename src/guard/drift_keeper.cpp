#include "guard/drift_keeper.h"

#include <spdlog/spdlog.h>

#include <algorithm>

#include "drift/audit.h"
#include "error/error.h"
#include "guard/either_stop.h"
#include "guard/stop_wake.h"
#include "sizes/sizes.h"

namespace redkeep::guard {
namespace {

using Clock = std::chrono::steady_clock;

constexpr double kAuditDuty = 0.05;
// After each audit so many times as long as the server was at work for it: in the end that is half
// a percent of its time, however large it is.
constexpr int kAuditRestFactor = 200;
// The first one comes sooner than the others: what has drifted while no guard ran waits already.
constexpr int kFirstPart = 10;
constexpr std::size_t kPageKeys = 100;
// Nobody looks on: what more of is gone than this, a person has to judge.
constexpr double kMostDanglingShare = 0.01;
constexpr std::size_t kMostRecordBytes = std::size_t{64} << 20;

}  // namespace

DriftKeeper::DriftKeeper(boost::asio::any_io_executor executor, const Options& options,
                         const keys::ClassTable& table, Lease& lease, Snapshot& snapshot,
                         Ledger& ledger, ContentKeeper::Alarms alarms)
    : executor_(executor),
      options_(options),
      table_(table),
      lease_(lease),
      snapshot_(snapshot),
      ledger_(ledger),
      alarms_(std::move(alarms)),
      client_(redis::Client::create(executor, options.endpoint)) {}

redis::awaitable<void> DriftKeeper::run(std::stop_token stop) {
  if (options_.drift.background == DriftOptions::Background::Off) co_return;
  StopWake wake(executor_, stop, client_);
  Clock::duration wait = std::chrono::milliseconds(options_.drift.every) / kFirstPart;
  while (!stop.stop_requested()) {
    co_await wake.pause_for(wait);
    if (stop.stop_requested()) break;
    // While it is critical there is other work, and content may be on its way back.
    if (snapshot_.level == PressureLevel::Normal || snapshot_.level == PressureLevel::Warning) {
      wait = co_await look(stop);
    }
  }
  client_->close();
}

// How long to rest.
redis::awaitable<Clock::duration> DriftKeeper::look(std::stop_token stop) {
  // Who only watches tells, and leaves the mending to the one that acts. Where nothing can be read,
  // nothing is looked for.
  drift::AuditOptions how;
  how.fix = options_.drift.background == DriftOptions::Background::Fix && lease_.may_act();
  how.duty = kAuditDuty;
  how.page_keys = kPageKeys;
  how.most_record_bytes = kMostRecordBytes;
  how.most_dangling_share = kMostDanglingShare;
  const EitherStop either(stop, how.fix ? lease_.until_lost() : std::stop_token());
  const auto begun = Clock::now();
  auto outcome = co_await drift::audit(client_, table_, how, either.token(), {});
  if (!outcome) {
    spdlog::debug("the audit was not complete: {}", outcome.error().message);
    co_return Clock::duration(options_.drift.every);
  }
  const auto now = Clock::now();
  const auto busy = outcome->busy;
  outcome->counted = {};  // of use to the audit alone, and large where much has drifted
  note({std::move(*outcome), how.fix,
        std::chrono::duration_cast<std::chrono::milliseconds>(now - begun), now,
        std::chrono::system_clock::now()});
  co_return std::max<Clock::duration>(options_.drift.every, busy * kAuditRestFactor);
}

void DriftKeeper::note(LastAudit audit) {
  snapshot_.last_audit = std::move(audit);
  const drift::AuditOutcome& outcome = snapshot_.last_audit->outcome;
  ++snapshot_.audits;
  for (std::size_t i = 0; i < drift::kDriftKinds; ++i) {
    const std::string name(to_string(static_cast<drift::DriftKind>(i)));
    snapshot_.drift_found[name] += outcome.counts[i].found;
    snapshot_.drift_mended[name] += outcome.counts[i].mended;
  }
  const std::string found = describe_drift(outcome);
  if (found.empty()) {
    alarms_.clear("drift");
    return;
  }
  LedgerEntry entry;
  entry.kind = LedgerKind::Notice;
  entry.subject = "drift";
  entry.outcome = outcome_name(outcome);
  entry.reason = found;
  entry.keys = outcome.mended();
  ledger_.add(std::move(entry));
  alarms_.raise("drift", found);
}

std::string describe_drift(const drift::AuditOutcome& outcome) {
  std::string text;
  for (std::size_t i = 0; i < drift::kDriftKinds; ++i) {
    const auto& count = outcome.counts[i];
    if (count.found == 0) continue;
    text += fmt::format("{}{} {}", text.empty() ? "" : "; ", sizes::print_count(count.found),
                        describe(static_cast<drift::DriftKind>(i)));
    if (count.mended > 0) text += fmt::format(" ({} mended)", sizes::print_count(count.mended));
    if (!count.first.empty()) text += ", such as " + printable(count.first.front(), 120);
  }
  return text;
}

}  // namespace redkeep::guard
