#pragma once
// When one of several guards may act, and when it may take the lease over. Pure: time is an
// argument, and what the server said is, too.
//
// No two hosts' clocks are ever compared. A holder counts by its own clock from before it sent the
// renewal, which is earlier than the server carried it out; a watcher counts by its own clock from
// after it saw the renewal, which is later. So a holder has stopped before another may begin,
// however long messages take. The server's time of the renewal shortens the wait of a guard that
// has just come and finds a lease of long ago; alone it decides nothing, since a server's clock may
// jump.
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "guard/boot_clock.h"

namespace redkeep::guard {

inline constexpr std::chrono::milliseconds kLeaseEvery{1000};       ///< Renewed, and looked at.
inline constexpr std::chrono::milliseconds kLeaseActsFor{3500};     ///< After it was renewed.
inline constexpr std::chrono::milliseconds kLeaseTakenAfter{5000};  ///< Since the last renewal.
/// Taken no earlier than this after its last renewal was seen, even if the server's time says that
/// it is old: a holder that is alive renews it within this time.
inline constexpr std::chrono::milliseconds kLeaseSeenFor{2000};

/// What the owner's name of a person's command ends in.
inline constexpr std::string_view kLeaseByHand = "/shed";

/// The owner of a lease that was given back: whoever asks first may have it.
inline constexpr std::string_view kLeaseOfNobody = "-";

/// The value of the key `guard:lease`: "owner fencing since renewed leaving".
struct LeaseRecord {
  std::string owner;                     ///< "<random>@host:pid", or "<random>@host:pid/shed".
  std::int64_t fencing = 0;              ///< Grows by one with each owner; never goes down.
  std::chrono::milliseconds since{0};    ///< When the owner took it, by the server's time.
  std::chrono::milliseconds renewed{0};  ///< By the server's time, since 1970.
  std::string leaving;  ///< Who was asked to step back and may still act; "-": nobody.
  /// Since it was renewed, by the server's time, where that was asked for; it is not in the key.
  std::chrono::milliseconds age{0};
};

/// Nothing if it is no such value.
std::optional<LeaseRecord> parse_lease(std::string_view text);

/// What the server said of the lease.
struct LeaseAnswer {
  std::chrono::milliseconds server_time{0};
  std::string text;  ///< The key's value after the exchange; empty: there is none.
};

enum class LeaseStand {
  Unknown,   ///< Not asked yet, or not answered for too long: may not act.
  Held,      ///< This one acts.
  Awaiting,  ///< Taken by hand from a holder that may still act for a moment: may not act yet.
  Watching,  ///< Another one acts.
  Alone,     ///< The server refuses the lease: acts without one.
  Replica,   ///< Of a replica none is asked for: nobody acts there.
};

/// For people and metrics.
struct LeaseView {
  LeaseStand stand = LeaseStand::Unknown;
  std::string holder;                  ///< "host:pid", fit to be shown; empty if not known.
  std::int64_t fencing = 0;            ///< 0 if not known.
  std::chrono::milliseconds since{0};  ///< By the server's time.
  std::string why;                     ///< Of Alone and Unknown: what went wrong.

  bool operator==(const LeaseView&) const = default;
};

/// "held", "awaiting", "watching", "alone", "replica", "unknown".
std::string_view to_string(LeaseStand stand);
/// One sentence, such as "held by web1:4711 since 2026-01-31T12:00:00Z, fencing 3".
std::string describe(const LeaseView& view);
/// The same for the key's value. Of its holder that tells only whether the lease was renewed of
/// late: one that is overdue is taken over by any other guard.
std::string describe(const LeaseRecord& record);
/// What is behind the random part of an owner's name, fit to be shown.
std::string holder_of(std::string_view owner);
/// True if a person's command holds it, and not a guard.
bool is_by_hand(std::string_view owner);

class LeaseRule {
 public:
  explicit LeaseRule(std::string owner) : owner_(std::move(owner)) {}

  /// `sent` is from before the exchange was begun, `received` from after it.
  void answered(const LeaseAnswer& answer, BootTime sent, BootTime received);
  /// The server would not do it. Acts all the same, since a server that nobody guards is worse
  /// than one that two do: both measure after each batch.
  void refused(std::string why, BootTime sent);
  /// This holder ("host:pid") is known to be gone for good: what it holds may be taken at once.
  void know_gone(std::string holder) { gone_ = std::move(holder); }
  /// What was known is of another server, or of too long ago.
  void forget();

  bool may_act(BootTime now) const { return stand(now) == LeaseStand::Held || is_alone(now); }
  /// True if a person's command holds it; the guards then go on telling how things stand.
  bool held_by_hand() const { return record_ && is_by_hand(record_->owner); }
  /// The value of a lease whose holder is gone; empty if there is none. It may be taken if it is
  /// still the same when the server looks.
  std::string may_take(BootTime now) const;

  const std::string& owner() const { return owner_; }
  /// True if it is in this one's name, be it valid or not.
  bool is_mine() const { return record_ && record_->owner == owner_; }
  /// The highest that was seen: one that was deleted and is taken again goes on from there.
  std::int64_t fencing_seen() const { return fencing_seen_; }
  LeaseStand stand(BootTime now) const;
  LeaseView view(BootTime now) const;

 private:
  bool is_alone(BootTime now) const { return !alone_because_.empty() && now < acts_until_; }

  std::string owner_;
  std::string gone_;  // a holder; empty: none is known
  std::int64_t fencing_seen_ = 0;
  std::string alone_because_;
  std::optional<LeaseRecord> record_;
  BootTime acts_until_{};
  BootTime others_stop_{};  // of a lease taken by hand: nobody else acts from then on

  std::string seen_;  // the value that was seen last
  BootTime seen_since_{};
  BootTime answered_{};
  std::chrono::milliseconds server_time_{0};  // at answered_
};

}  // namespace redkeep::guard
