#include "guard/lease_rule.h"

#include <fmt/chrono.h>

#include <algorithm>
#include <array>
#include <charconv>

#include "error/error.h"
#include "sizes/sizes.h"

namespace redkeep::guard {
namespace {

std::optional<std::int64_t> whole(std::string_view text) {
  std::int64_t value = 0;
  const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failure != std::errc{} || end != text.data() + text.size() || value < 0) return std::nullopt;
  return value;
}

std::string print_lease_time(std::chrono::milliseconds since_1970) {
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(since_1970).count();
  // A server may say anything; what no calendar has is shown as it is.
  constexpr std::int64_t kYear10000 = 253'402'300'800;
  if (seconds >= kYear10000) return fmt::format("{} s after 1970", seconds);
  return fmt::format("{:%Y-%m-%dT%H:%M:%S}Z", fmt::gmtime(static_cast<std::time_t>(seconds)));
}

}  // namespace

std::optional<LeaseRecord> parse_lease(std::string_view text) {
  std::array<std::string_view, 5> words;
  for (std::size_t i = 0; i < words.size(); ++i) {
    const auto blank = text.find(' ');
    if ((blank == std::string_view::npos) != (i + 1 == words.size())) return std::nullopt;
    words[i] = text.substr(0, blank);
    if (words[i].empty()) return std::nullopt;
    text.remove_prefix(blank == std::string_view::npos ? text.size() : blank + 1);
  }
  const auto fencing = whole(words[1]);
  const auto since = whole(words[2]);
  const auto renewed = whole(words[3]);
  if (!fencing || !since || !renewed) return std::nullopt;
  return LeaseRecord{std::string(words[0]),
                     *fencing,
                     std::chrono::milliseconds{*since},
                     std::chrono::milliseconds{*renewed},
                     std::string(words[4]),
                     std::chrono::milliseconds{0}};
}

std::string holder_of(std::string_view owner) {
  const auto at = owner.find('@');
  return printable(at == std::string_view::npos ? owner : owner.substr(at + 1));
}

bool is_by_hand(std::string_view owner) { return owner.ends_with(kLeaseByHand); }

void LeaseRule::answered(const LeaseAnswer& answer, BootTime sent, BootTime received) {
  if (answer.text != seen_) {
    seen_ = answer.text;
    seen_since_ = received;
  }
  answered_ = received;
  server_time_ = answer.server_time;
  alone_because_.clear();
  const bool was_mine = is_mine();
  const auto fencing_before = record_ ? record_->fencing : 0;
  record_ = parse_lease(answer.text);
  if (!record_) return;
  fencing_seen_ = std::max(fencing_seen_, record_->fencing);
  if (record_->owner == kLeaseOfNobody) return record_.reset();
  if (!is_mine()) return;
  acts_until_ = sent + kLeaseActsFor;
  const bool is_new = !was_mine || record_->fencing != fencing_before;
  if (is_new) others_stop_ = received + kLeaseActsFor;
}

void LeaseRule::refused(std::string why, BootTime sent) {
  forget();
  alone_because_ = std::move(why);
  acts_until_ = sent + kLeaseActsFor;
}

void LeaseRule::forget() {
  alone_because_.clear();
  record_.reset();
  seen_.clear();
}

std::string LeaseRule::may_take(BootTime now) const {
  if (!record_ || is_mine()) return {};
  if (!gone_.empty() && holder_of(record_->owner) == gone_) return seen_;
  const auto unchanged_for = now - seen_since_;
  const auto age = server_time_ - record_->renewed + (now - answered_);
  const bool is_old = unchanged_for >= kLeaseTakenAfter ||
                      (unchanged_for >= kLeaseSeenFor && age >= kLeaseTakenAfter);
  return is_old ? seen_ : std::string{};
}

LeaseStand LeaseRule::stand(BootTime now) const {
  if (is_alone(now)) return LeaseStand::Alone;
  if (!record_) return LeaseStand::Unknown;
  if (!is_mine()) return LeaseStand::Watching;
  if (now >= acts_until_) return LeaseStand::Unknown;
  const bool others_may_act = record_->leaving != "-" && now < others_stop_;
  return others_may_act ? LeaseStand::Awaiting : LeaseStand::Held;
}

LeaseView LeaseRule::view(BootTime now) const {
  LeaseView view;
  view.stand = stand(now);
  if (view.stand == LeaseStand::Alone) view.why = alone_because_;
  if (!record_ || view.stand == LeaseStand::Unknown) return view;
  view.holder = holder_of(record_->owner);
  view.fencing = record_->fencing;
  view.since = record_->since;
  return view;
}

std::string_view to_string(LeaseStand stand) {
  switch (stand) {
    case LeaseStand::Unknown: return "unknown";
    case LeaseStand::Held: return "held";
    case LeaseStand::Awaiting: return "awaiting";
    case LeaseStand::Watching: return "watching";
    case LeaseStand::Alone: return "alone";
    case LeaseStand::Replica: return "replica";
  }
  return "unknown";
}

std::string describe(const LeaseView& view) {
  switch (view.stand) {
    case LeaseStand::Unknown:
      return fmt::format("not acting: it is not known who holds the lease{}{}",
                         view.why.empty() ? "" : ": ", view.why);
    case LeaseStand::Alone:
      return fmt::format(
          "the lease is not possible ({}): acting without one, so run no second guard here",
          view.why);
    case LeaseStand::Replica:
      return "none is asked for on a replica: nothing is shed here, only watched";
    case LeaseStand::Awaiting:
      return fmt::format("taken by {}, fencing {}; the holder before has not stepped back yet",
                         view.holder, view.fencing);
    case LeaseStand::Held:
      return fmt::format("held by {} since {}, fencing {}", view.holder,
                         print_lease_time(view.since), view.fencing);
    case LeaseStand::Watching:
      return fmt::format("watching; {} acts since {}, fencing {}", view.holder,
                         print_lease_time(view.since), view.fencing);
  }
  return {};
}

std::string describe(const LeaseRecord& record) {
  if (record.age >= kLeaseTakenAfter) {
    return fmt::format(
        "held by {} since {}, fencing {}, but overdue: not renewed for {}, so its holder is "
        "stopped, "
        "gone or cut off, and does not act",
        holder_of(record.owner), print_lease_time(record.since), record.fencing,
        sizes::print_duration(record.age));
  }
  return fmt::format("held by {} since {}, renewed {}, fencing {}", holder_of(record.owner),
                     print_lease_time(record.since), print_lease_time(record.renewed),
                     record.fencing);
}

}  // namespace redkeep::guard
