#include "drift/audit.h"

#include <algorithm>

#include "drift/confirm.h"
#include "drift/key_audit.h"
#include "drift/reference_audit.h"
#include "error/error.h"
#include "keys/key_schema.h"
#include "recovery/verify/set_members.h"
#include "redis/pause.h"
#include "redis/server_info.h"

namespace redkeep::drift {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::size_t kConfirmedAtOnce = 200;
// Below so many dangling references it is not asked whether the graph was lost.
constexpr std::size_t kFewDangling = 100;

// What has to be known of the server before anything is looked at.
struct Ground {
  bool is_replica = false;
  bool pexpire_nx = true;
  bool field_ttls = false;
  std::string marker;  // of a load or rebuild that is under way or was cut; empty: none
};

// "db0:keys=1,expires=0,avg_ttl=0,subexpiry=1": of Redis 7.4 and later, how many hashes have fields
// with a TTL; Valkey 9 has keys_with_volatile_items.
bool has_field_ttls(const redis::ServerInfo& info, int database) {
  const auto line = info.text(fmt::format("db{}", database)).value_or("");
  for (const std::string_view name : {"subexpiry=", "keys_with_volatile_items="}) {
    const auto at = line.find(name);
    if (at == std::string_view::npos) continue;
    const auto value = line.substr(at + name.size());
    if (!value.empty() && value.front() >= '1' && value.front() <= '9') return true;
  }
  return false;
}

class Auditor {
 public:
  Auditor(std::shared_ptr<redis::Client> client, const keys::ClassTable& table,
          AuditOptions options, std::stop_token stop,
          std::function<void(const AuditProgress&)> progress)
      : client_(std::move(client)),
        table_(table),
        rules_(class_rules(table)),
        schema_(table.prefix()),
        options_(options),
        stop_(std::move(stop)),
        progress_(std::move(progress)),
        known_(options.most_record_bytes) {}

  redis::awaitable<Result<AuditOutcome>> run();

 private:
  redis::awaitable<Status> survey_ground();
  redis::awaitable<Status> audit_keys();
  redis::awaitable<Status> audit_references();
  redis::awaitable<Status> read_big_sets(ReferenceAudit& audit);
  redis::awaitable<Status> confirm(std::vector<Suspicion> suspicions);
  redis::awaitable<Result<std::vector<Suspicion>>> confirm_by(Look look,
                                                              std::vector<Suspicion> suspicions);
  redis::awaitable<void> rest(std::chrono::duration<double> time);
  redis::awaitable<void> rest_after(Clock::duration work);
  template <class Pass>
  redis::awaitable<Status> walk(Pass& pass, std::string_view doing);

  std::shared_ptr<redis::Client> client_;
  const keys::ClassTable& table_;
  std::vector<ClassRule> rules_;
  keys::KeySchema schema_;
  AuditOptions options_;
  std::stop_token stop_;
  std::function<void(const AuditProgress&)> progress_;
  // What one server holds says nothing about another: all of it goes over the first connection.
  std::optional<std::uint64_t> connection_;
  Ground ground_;
  KnownRecords known_;
  AuditOutcome outcome_;
  Clock::duration busy_{0};
};

Error stopped(bool fix) {
  return make_error(ErrorKind::Interrupted, "stopped on request; {}",
                    fix ? "what was mended stays so" : "nothing was changed");
}

redis::awaitable<Status> Auditor::survey_ground() {
  redis::CommandBuffer ask;
  ask.add({"INFO"});
  const std::string markers[] = {schema_.guard("load"), schema_.guard("rebuild"),
                                 schema_.guard("content")};
  for (const auto& marker : markers) ask.add({"GET", marker});
  // A key that is not there: 0 where NX is known, an error where not.
  if (options_.fix) ask.add({"PEXPIRE", schema_.guard("audit"), "1000", "NX"});
  const auto replies = co_await client_->exchange(std::move(ask), connection_);
  if (!replies) co_return replies.error();
  connection_ = client_->generation();
  const redis::Reply& first = replies->front();
  if (!first.is_string()) co_return redis::unexpected_reply("INFO", first);
  const auto info = redis::ServerInfo::parse(first.text);
  if (const Status loaded = redis::require_loaded(info); !loaded) co_return loaded;
  ground_.is_replica = info.text("role").value_or("master") != "master";
  const auto master_port = info.count("master_port").value_or(0);
  if (ground_.is_replica && master_port > 0 && master_port <= 65535) {
    outcome_.master_host = printable(info.text("master_host").value_or(""));
    outcome_.master_port = static_cast<std::uint16_t>(master_port);
  }
  ground_.field_ttls = has_field_ttls(info, client_->options().database);
  for (std::size_t i = 0; i < 3; ++i) {
    const redis::Reply& reply = (*replies)[1 + i];
    if (reply.is_error()) co_return redis::error_from_reply("GET " + markers[i], reply);
    const auto text = reply.string();
    const bool is_work = text && (i < 2 || text->starts_with("restoring"));
    if (is_work) ground_.marker = fmt::format("{} ({})", markers[i], printable(*text));
  }
  if (options_.fix) {
    const redis::Reply& probe = replies->back();
    ground_.pexpire_nx = probe.is_integer();
    const Error error = redis::error_from_reply("PEXPIRE", probe);
    const bool is_refused = probe.is_error() && error.kind == ErrorKind::NotPermitted;
    if (is_refused && !ground_.is_replica) co_return error;
  }
  co_return Status{};
}

// In small pieces, so that a stop does not wait for it.
redis::awaitable<void> Auditor::rest(std::chrono::duration<double> time) {
  constexpr std::chrono::duration<double> kPiece{0.1};
  for (; time.count() > 0 && !stop_.stop_requested(); time -= kPiece) {
    co_await redis::pause_for(std::chrono::duration_cast<Clock::duration>(std::min(time, kPiece)));
  }
}

redis::awaitable<void> Auditor::rest_after(Clock::duration work) {
  busy_ += work;
  if (options_.duty < 1.0) co_await rest(work * (1.0 / options_.duty - 1));
}

template <class Pass>
redis::awaitable<Status> Auditor::walk(Pass& pass, std::string_view doing) {
  const std::function<void(redis::Reply &&)> sink = [&pass](redis::Reply&& reply) {
    pass.take(std::move(reply));
  };
  while (!pass.done()) {
    if (stop_.stop_requested()) co_return stopped(options_.fix);
    const auto begun = Clock::now();
    auto commands = pass.next_commands();
    const auto taken = co_await client_->exchange(std::move(commands), connection_, sink);
    if (!taken) co_return taken.error();
    if (!pass.status()) co_return pass.status().error();
    if (progress_) progress_({doing, outcome_.keys});
    co_await rest_after(Clock::now() - begun);
  }
  co_return Status{};
}

redis::awaitable<Status> Auditor::audit_keys() {
  const KeyAuditOptions how{options_.fix, ground_.field_ttls, ground_.pexpire_nx,
                            options_.page_keys};
  KeyAudit pass(table_, rules_, how, outcome_, known_);
  co_return co_await walk(pass, "looking at types and TTLs");
}

redis::awaitable<Status> Auditor::read_big_sets(ReferenceAudit& audit) {
  const content::Ask ask = [client = client_, on = connection_](redis::CommandBuffer commands) {
    return client->exchange(std::move(commands), on);
  };
  for (const auto& set : audit.big_sets()) {
    if (stop_.stop_requested()) co_return stopped(options_.fix);
    const std::function<Status(std::string_view)> take = [&](std::string_view member) {
      audit.member(set, member);
      return Status{};
    };
    const Status read = co_await recovery::each_member(ask, set.key, take);
    if (!read) co_return read;
  }
  co_return Status{};
}

redis::awaitable<Status> Auditor::audit_references() {
  const References references(known_, schema_);
  ReferenceAudit pass(table_, rules_, references, outcome_);
  if (const Status walked = co_await walk(pass, "following references"); !walked) co_return walked;
  if (const Status read = co_await read_big_sets(pass); !read) co_return read;
  auto suspicions = std::move(pass.suspicions());
  if (suspicions.empty()) co_return Status{};
  co_await rest(options_.settle);
  // It may have begun meanwhile.
  if (const Status again = co_await survey_ground(); !again) co_return again;
  if (!ground_.marker.empty()) co_return Status{};
  const auto dangling = static_cast<std::int64_t>(suspicions.size()) + outcome_.not_followed;
  const bool is_much = suspicions.size() >= kFewDangling &&
                       static_cast<double>(dangling) >
                           options_.most_dangling_share * static_cast<double>(outcome_.references);
  if (known_.entities() == 0 || is_much) outcome_.held = Held::GraphMissing;
  co_return co_await confirm(std::move(suspicions));
}

// Who may run no script is told all the same what was found; only whether it is still so is not
// known, and nothing can be mended without looking in the same step.
redis::awaitable<Status> Auditor::confirm(std::vector<Suspicion> suspicions) {
  const bool fix = options_.fix && outcome_.held == Held::No;
  const Look look = fix ? Look::AndMend : Look::Only;
  auto refused = co_await confirm_by(look, std::move(suspicions));
  if (!refused) co_return refused.error();
  if (refused->empty()) co_return Status{};
  const auto unchecked = co_await confirm_by(Look::ReadOnly, std::move(*refused));
  if (!unchecked) co_return unchecked.error();
  for (const auto& suspicion : *unchecked) {
    if (outcome_.note(kind_of(suspicion.link), suspicion.key, suspicion.target)) {
      ++outcome_.unchecked;
    }
  }
  co_return Status{};
}

// Those that the server refused to look at.
redis::awaitable<Result<std::vector<Suspicion>>> Auditor::confirm_by(
    Look look, std::vector<Suspicion> suspicions) {
  std::vector<Suspicion> refused;
  for (std::size_t done = 0; done < suspicions.size(); done += kConfirmedAtOnce) {
    if (stop_.stop_requested()) co_return stopped(options_.fix);
    const auto batch =
        std::span(suspicions).subspan(done, std::min(kConfirmedAtOnce, suspicions.size() - done));
    const auto begun = Clock::now();
    redis::CommandBuffer commands;
    for (const auto& suspicion : batch) add_confirmation(suspicion, schema_, look, commands);
    const auto replies = co_await client_->exchange(std::move(commands), connection_);
    if (!replies) co_return replies.error();
    for (std::size_t i = 0; i < batch.size(); ++i) {
      const auto confirmed = read_confirmation(batch[i], look, (*replies)[i]);
      if (!confirmed) co_return confirmed.error();
      if (*confirmed == Confirmed::NotSo) continue;
      if (*confirmed == Confirmed::Refused) {
        if (look != Look::ReadOnly) outcome_.script_refusal = printable((*replies)[i].text, 120);
        refused.push_back(std::move(batch[i]));
        continue;
      }
      const DriftKind kind = kind_of(batch[i].link);
      outcome_.note(kind, batch[i].key, batch[i].target);
      if (*confirmed == Confirmed::Mended) ++outcome_.of(kind).mended;
    }
    co_await rest_after(Clock::now() - begun);
  }
  co_return std::move(refused);
}

redis::awaitable<Result<AuditOutcome>> Auditor::run() {
  if (const Status known = co_await survey_ground(); !known) co_return known.error();
  if (options_.fix && ground_.is_replica) {
    co_return make_error(ErrorKind::Refused,
                         "this server is a replica: mend on its master, or look without --fix");
  }
  if (const Status keys = co_await audit_keys(); !keys) co_return keys.error();
  const bool has_graph = std::any_of(rules_.begin(), rules_.end(),
                                     [](const ClassRule& rule) { return rule.role != Role::None; });
  if (!known_.is_complete()) {
    outcome_.held = Held::TooLarge;
  } else if (ground_.marker.empty() && has_graph) {
    if (const Status followed = co_await audit_references(); !followed) co_return followed.error();
  }
  if (!ground_.marker.empty() && has_graph) {
    outcome_.held = Held::GraphInWork;
    outcome_.marker = ground_.marker;
  }
  outcome_.busy = std::chrono::duration_cast<std::chrono::milliseconds>(busy_);
  co_return std::move(outcome_);
}

}  // namespace

redis::awaitable<Result<AuditOutcome>> audit(std::shared_ptr<redis::Client> client,
                                             const keys::ClassTable& table, AuditOptions options,
                                             std::stop_token stop,
                                             std::function<void(const AuditProgress&)> progress) {
  Auditor auditor(std::move(client), table, options, std::move(stop), std::move(progress));
  co_return co_await auditor.run();
}

}  // namespace redkeep::drift
