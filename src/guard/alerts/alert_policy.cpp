#include "guard/alerts/alert_policy.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "sizes/sizes.h"

namespace redkeep::guard {
namespace {

using std::chrono::duration_cast;
using std::chrono::milliseconds;

std::string clock_of(const AlertCondition& condition) {
  return condition.subject + (condition.severity == AlertSeverity::Critical ? "/critical" : "");
}

}  // namespace

std::string BriefCrossing::sentence() const {
  const std::string crossed =
      times == 1 ? fmt::format("the mark was crossed for {}", sizes::print_duration(longest))
                 : fmt::format("the mark was crossed {} times, for {} at most", times,
                               sizes::print_duration(longest));
  return action.empty() ? crossed + "; usage fell by itself"
                        : fmt::format("{}; undone by: {}", crossed, action);
}

void AlertPolicy::raise(AlertCondition condition, TimePoint seen) {
  auto [found, is_new] = raised_.try_emplace(condition.subject, Raised{{}, seen, seen, {}, {}});
  Raised& raised = found->second;
  if (condition.action.empty()) {
    condition.action = std::move(raised.condition.action);
  } else {
    raised.acted = seen;
  }
  raised.condition = std::move(condition);
  raised.last = seen;
  const auto lasted = duration_cast<milliseconds>(seen - raised.since);
  const bool may_be_brief = raised.condition.kind == AlertKind::Mark && lasted < grace_;
  const bool is_state_or_event =
      raised.condition.kind == AlertKind::State || raised.condition.kind == AlertKind::Event;
  if (!may_be_brief && gate_.pass(clock_of(raised.condition), seen)) {
    raised.told = true;
    due_.push_back(alert_of(raised, seen));
  } else if (is_new && is_state_or_event) {
    raised.noted = true;
    unsent_.push_back(alert_of(raised, seen));
  }
  if (raised.condition.kind == AlertKind::Event) raised_.erase(found);
}

// What was done before the last telling, or long ago, is no news of now.
Alert AlertPolicy::alert_of(Raised& raised, TimePoint seen) const {
  const bool is_new = raised.acted && seen - *raised.acted < every_ &&
                      (!raised.told_at || *raised.acted > *raised.told_at);
  if (!is_new) raised.condition.action.clear();
  raised.told_at = seen;
  return Alert{
      raised.condition, false, duration_cast<milliseconds>(seen - raised.since), raised.since, {}};
}

void AlertPolicy::clear(std::string_view subject, const MemoryUse& memory, TimePoint now) {
  const auto found = raised_.find(subject);
  if (found == raised_.end()) return;
  const AlertCondition& condition = found->second.condition;
  found->second.condition.memory = memory;
  if (found->second.told && condition.kind == AlertKind::Mark &&
      condition.severity == AlertSeverity::Critical) {
    way_down_until_ = now + every_;
  }
  const auto lasted = duration_cast<milliseconds>(now - found->second.since);
  end(found->second, now, "over after " + sizes::print_duration(lasted));
  raised_.erase(found);
}

void AlertPolicy::end(const Raised& raised, TimePoint when, const std::string& how) {
  const auto lasted = duration_cast<milliseconds>(when - raised.since);
  if (raised.told || raised.noted) {
    Alert alert{raised.condition, true, lasted, raised.since, {}};
    alert.condition.cause = fmt::format("{}; it was: {}", how, raised.condition.cause);
    (raised.told ? due_ : unsent_).push_back(std::move(alert));
  } else if (raised.condition.kind == AlertKind::Mark) {
    BriefCrossing& brief = brief_[raised.condition.subject];
    brief.subject = raised.condition.subject;
    ++brief.times;
    brief.longest = std::max(brief.longest, lasted);
    brief.action = raised.condition.action;
  }
}

bool AlertPolicy::is_told(std::string_view subject) const {
  const auto found = raised_.find(subject);
  return found != raised_.end() && found->second.told;
}

std::string AlertPolicy::done_about(std::string_view subject, TimePoint now) const {
  const auto found = raised_.find(subject);
  if (found == raised_.end()) return {};
  const Raised& raised = found->second;
  return raised.acted && now - *raised.acted < every_ ? raised.condition.action : std::string{};
}

std::vector<Alert> AlertPolicy::open() const {
  std::vector<Alert> alerts;
  for (const auto& [subject, raised] : raised_) {
    if (!raised.told && !raised.noted) continue;
    Alert alert{raised.condition,
                false,
                duration_cast<milliseconds>(raised.last - raised.since),
                raised.since,
                {}};
    const bool is_old = !raised.acted || raised.last - *raised.acted >= every_;
    if (is_old) alert.condition.action.clear();
    alerts.push_back(std::move(alert));
  }
  return alerts;
}

AlertPolicy::Due AlertPolicy::take(TimePoint now) {
  const std::string quiet = "not seen again for " + sizes::print_duration(every_);
  std::erase_if(raised_, [&](const auto& entry) {
    const Raised& raised = entry.second;
    if (raised.condition.kind != AlertKind::Recurring || now - raised.last < every_) return false;
    end(raised, raised.last, quiet);
    return true;
  });
  Due due{std::exchange(due_, {}), std::exchange(unsent_, {}), {}};
  std::erase_if(brief_, [&](const auto& entry) {
    if (!gate_.pass("brief/" + entry.first, now)) return false;
    due.brief.push_back(entry.second);
    return true;
  });
  return due;
}

}  // namespace redkeep::guard
