#pragma once
// The key `guard:lease`, by which only one guard at a time acts on a server; see lease_rule.h for
// the rules. It has no TTL (`volatile-ttl` evicts the shortest TTL first). Taking, renewing and
// giving back are one small script each, carried out by the server as a whole.
//
// Used on one executor.
#include <sys/types.h>

#include <boost/asio/steady_timer.hpp>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>

#include "guard/lease_rule.h"
#include "redis/client.h"

namespace redkeep::guard {

/// The name of this process as an owner: random, so that no other process ever has the same.
std::string lease_owner();
/// The same for a person's command.
std::string lease_owner_by_hand();
/// What holder_of() gives for the owner that a process of this host is.
std::string lease_holder(pid_t process);

class Lease {
 public:
  Lease(std::shared_ptr<redis::Client> client, std::string key, std::string owner = lease_owner());

  /// Renews or takes the lease, or looks who has it; does nothing while that is young enough. True
  /// if this one may act. A connection that fails changes nothing: the lease runs out by itself.
  redis::awaitable<bool> keep();

  /// See LeaseRule: where it is certain that this process (of this host) has ended, its lease is
  /// taken with the first keep().
  void know_gone(pid_t process) { rule_.know_gone(lease_holder(process)); }

  /// Takes it from whoever has it, who steps back within kLeaseActsFor; waits for that. Fails if
  /// the server cannot be asked.
  redis::awaitable<Status> seize();

  /// Keeps it for as long as somebody is at work who has no time to (a restore, a long interval),
  /// until released. Begins with the first keep() or seize() and rests after rest().
  redis::awaitable<void> keep_up();

  /// Does not renew it until the next keep(): for a guard that is blind, so that another may act.
  void rest() { resting_ = true; }

  /// Gives it back at once, if it is held, and takes it no more.
  redis::awaitable<void> release();

  /// To be asked before each step of the work; reads a clock and nothing else. The lease of one
  /// connection's server is worth nothing on the next one.
  bool may_act() const;
  /// True if this one tells how things stand: the one that acts, or any while a person sheds.
  bool may_speak() const { return may_act() || (rule_.held_by_hand() && !released_); }
  /// For long work that asks a token before each step: stopped when keep_up() finds that this one
  /// may no longer act, which is within a second, and at once after a pause.
  std::stop_token until_lost();
  LeaseView view() const;

 private:
  enum class Verb { Keep, Seize, Release };

  redis::awaitable<Status> ask(Verb verb);
  redis::CommandBuffer question(Verb verb, BootTime now) const;
  Status take_in(const redis::Reply& reply, BootTime sent);
  bool is_of_this_connection() const { return client_->generation() == met_on_; }

  std::shared_ptr<redis::Client> client_;
  std::string key_;
  LeaseRule rule_;
  std::optional<boost::asio::steady_timer> pause_;  // of keep_up()
  std::uint64_t met_on_ = 0;                        // the connection over which it was asked last
  BootTime next_{};                                 // when to ask again
  std::string failure_;    // of the last exchange; empty if it was answered
  std::stop_source lost_;  // of the work under way
  bool asking_ = false;
  bool resting_ = true;
  bool released_ = false;
};

/// The lease as the key has it, for showing; nothing if nobody holds it.
redis::awaitable<Result<std::optional<LeaseRecord>>> read_lease(
    std::shared_ptr<redis::Client> client, std::string key);

}  // namespace redkeep::guard
