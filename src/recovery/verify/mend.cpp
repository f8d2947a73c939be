// Design: names of keys to be changed are kept, at most so many at once; values never. The members
// of changed sets are compared by fingerprints. The same code that says in a first pass what is
// stale, and saves it, removes it in a second one, and only what the first one saved.
#include "recovery/verify/mend.h"

#include "error/error.h"
#include "recovery/csv/content_walk.h"
#include "recovery/load/bulk_pipe.h"
#include "recovery/load/write_form.h"
#include "recovery/verify/damage_names.h"
#include "recovery/verify/damage_writer.h"
#include "recovery/verify/mend_sinks.h"
#include "recovery/verify/saved_rows.h"
#include "recovery/verify/set_members.h"
#include "redis/beside.h"

namespace redkeep::recovery {
namespace {

constexpr std::size_t kMostNames = 500'000;
constexpr std::size_t kMendKeysAtOnce = 128;
constexpr std::size_t kMendRowsAtOnce = 200;
constexpr std::size_t kMendMembersAtOnce = 500;

struct NamedKey {
  std::string key;
  std::uint64_t print;
};

class Mend {
 public:
  Mend(std::shared_ptr<redis::Connection> connection, const keys::KeySchema& schema,
       const GraphClasses& classes, const Survey& survey, MendOptions options, std::stop_token stop,
       ShowProgress progress)
      : pipe_(connection),
        connection_(std::move(connection)),
        schema_(schema),
        classes_(classes),
        survey_(survey),
        damage_(survey.damage),
        options_(std::move(options)),
        stop_(std::move(stop)),
        progress_(std::move(progress)),
        members_(schema, damage_.changed),
        saved_(schema, *options_.disk, options_.save_to) {}

  redis::awaitable<Result<MendOutcome>> run();
  bool has_begun() const { return has_begun_; }

 private:
  using TakeNames = redis::awaitable<Status> (Mend::*)(std::span<const NamedKey>);

  bool is_set(const std::string& key) const { return classes_.kind_of(key) == ValueKind::Set; }
  bool goes_as_orphan(std::uint64_t print) const {
    return options_.remove_orphans && damage_.orphaned.contains(print);
  }
  bool is_stale(const NamedKey& set, std::string_view member) const;

  redis::awaitable<Status> learn_members();
  redis::awaitable<Status> each_name(TakeNames take, std::string_view doing);
  redis::awaitable<Status> name_part(std::size_t part, std::size_t parts);
  redis::awaitable<Status> save(std::span<const NamedKey> keys);
  redis::awaitable<Status> save_values(std::vector<NamedKey> keys);
  redis::awaitable<Status> save_members(const NamedKey& set);
  redis::awaitable<Status> save_stale_members(const NamedKey& set);
  redis::awaitable<Status> write();
  redis::awaitable<Status> remove(std::span<const NamedKey> keys);
  redis::awaitable<Status> remove_members(const NamedKey& set);
  redis::awaitable<Result<std::vector<redis::Reply>>> ask(redis::CommandBuffer commands,
                                                          std::string_view doing);

  BulkPipe pipe_;
  std::shared_ptr<redis::Connection> connection_;
  const keys::KeySchema& schema_;
  const GraphClasses& classes_;
  const Survey& survey_;
  const Damage& damage_;
  MendOptions options_;
  std::stop_token stop_;
  ShowProgress progress_;
  ExpectedMembers members_;
  SavedRows saved_;
  keys::FingerprintSet saved_keys_;
  keys::FingerprintSet saved_members_;
  keys::FingerprintSet left_;            // changed sets that stay as they are
  std::vector<NamedKey> names_;          // of one part
  std::vector<std::string> wrong_sets_;  // keys of sets that hold something else
  MendOutcome outcome_;
  bool has_begun_ = false;  // to change Redis
};

redis::awaitable<Status> Mend::learn_members() {
  const auto learn = [this]() -> Status {
    ContentWalk walk(schema_, survey_.check, options_.directory, WalkWords::Cut);
    for (;;) {
      if (stop_.stop_requested()) return interrupted();
      const auto more = walk.next(kMendRowsAtOnce, members_);
      if (!more) return more.error();
      if (!*more) return {};
    }
  };
  co_return co_await redis::beside(learn);
}

redis::awaitable<Result<std::vector<redis::Reply>>> Mend::ask(redis::CommandBuffer commands,
                                                              std::string_view doing) {
  if (commands.empty()) co_return std::vector<redis::Reply>{};
  auto replies = co_await pipe_.ask(std::move(commands));
  if (!replies) co_return replies.error();
  if (const Status fine = content::first_error(*replies, doing); !fine) co_return fine.error();
  co_return std::move(*replies);
}

bool Mend::is_stale(const NamedKey& set, std::string_view member) const {
  if (members_.contains(set.print, member)) return false;
  return options_.remove_orphans || names_a_record(schema_, survey_, set.key, member);
}

redis::awaitable<Status> Mend::name_part(std::size_t part, std::size_t parts) {
  names_.clear();
  keys::FingerprintSet named;
  std::function<void(std::string_view)> keep = [&, this](std::string_view key) {
    const std::uint64_t print = key_print(key);
    const bool changes = damage_.changed.contains(print) || damage_.wrong_type.contains(print) ||
                         damage_.with_ttl.contains(print) || goes_as_orphan(print);
    if (changes && print % parts == part && named.insert(print)) {
      names_.push_back({std::string(key), print});
    }
  };
  co_return co_await name_present(connection_, classes_, stop_, std::move(keep));
}

redis::awaitable<Status> Mend::each_name(TakeNames take, std::string_view doing) {
  const std::size_t count = damage_.changed.size() + damage_.wrong_type.size() +
                            damage_.with_ttl.size() +
                            (options_.remove_orphans ? damage_.orphaned.size() : 0);
  if (count == 0) co_return Status{};
  const std::size_t parts = count / kMostNames + 1;
  std::int64_t done = 0;
  for (std::size_t part = 0; part < parts; ++part) {
    if (parts > 1 || names_.empty()) {
      if (const Status named = co_await name_part(part, parts); !named) co_return named;
    }
    for (std::size_t first = 0; first < names_.size(); first += kMendKeysAtOnce) {
      if (stop_.stop_requested()) co_return interrupted();
      const auto keys = std::span<const NamedKey>(names_).subspan(
          first, std::min(kMendKeysAtOnce, names_.size() - first));
      if (const Status taken = co_await (this->*take)(keys); !taken) co_return taken;
      done += static_cast<std::int64_t>(keys.size());
      if (progress_) {
        progress_({doing, done, static_cast<double>(done) / static_cast<double>(count), "keys"});
      }
    }
  }
  co_return Status{};
}

redis::awaitable<Status> Mend::save(std::span<const NamedKey> keys) {
  std::vector<NamedKey> whole;
  for (const auto& named : keys) {
    const bool is_wrong = damage_.wrong_type.contains(named.print);
    if (is_wrong && is_set(named.key)) wrong_sets_.push_back(named.key);
    if (damage_.changed.contains(named.print) && is_set(named.key)) {
      if (const Status saved = co_await save_stale_members(named); !saved) co_return saved;
    } else if (is_wrong || damage_.changed.contains(named.print) || goes_as_orphan(named.print)) {
      whole.push_back(named);
    }
  }
  if (options_.dry_run) co_return Status{};
  co_return co_await save_values(std::move(whole));
}

redis::awaitable<Status> Mend::save_members(const NamedKey& set) {
  std::function<Status(std::string_view)> take = [&](std::string_view member) {
    if (!saved_members_.insert(membership_print(set.print, member))) return Status{};
    return saved_.member(set.key, member);
  };
  co_return co_await each_member(pipe_.asks(), set.key, std::move(take));
}

// A set that differs only by members of orphans that stay is left as it is.
redis::awaitable<Status> Mend::save_stale_members(const NamedKey& set) {
  keys::FingerprintSet seen;
  std::uint64_t right = 0;  // the digest of those members that the content has, too
  bool any_stale = false;
  std::int64_t left = 0;
  std::function<Status(std::string_view)> take = [&](std::string_view member) {
    if (!seen.insert(keys::fingerprint(member))) return Status{};
    if (members_.contains(set.print, member)) {
      right += member_digest(member);
    } else if (!is_stale(set, member)) {
      ++left;
    } else {
      any_stale = true;
      ++outcome_.stale_members;
      saved_members_.insert(membership_print(set.print, member));
      if (!options_.dry_run) return saved_.member(set.key, member);
    }
    return Status{};
  };
  if (const Status read = co_await each_member(pipe_.asks(), set.key, std::move(take)); !read)
    co_return read;
  outcome_.members_left += left;
  const auto place = survey_.expected.find(set.print);
  const bool is_whole = place != ExpectedKeys::kNone && survey_.expected.digest_at(place) == right;
  if (is_whole && !any_stale && left > 0) {
    left_.insert(set.print);
    --outcome_.changed;
  }
  co_return Status{};
}

redis::awaitable<Status> Mend::save_values(std::vector<NamedKey> keys) {
  redis::CommandBuffer type_commands;
  for (const auto& named : keys) type_commands.add({"TYPE", named.key});
  const auto types = co_await ask(std::move(type_commands), "TYPE");
  if (!types) co_return types.error();
  for (std::size_t i = 0; i < keys.size(); ++i) {
    const NamedKey& named = keys[i];
    const std::string& type = (*types)[i].text;
    if (type == "none") continue;
    saved_keys_.insert(named.print);
    if (type == "set") {
      if (const Status saved = co_await save_members(named); !saved) co_return saved;
      continue;
    }
    // One by one: a value may have 64 MiB.
    redis::CommandBuffer read;
    if (type == "string") read.add({"GET", named.key});
    if (type == "hash") read.add({"HGETALL", named.key});
    read.add({"DUMP", named.key});
    const auto values = co_await pipe_.ask(std::move(read));
    if (!values) co_return values.error();
    const redis::Reply& value = values->front();
    Status saved;
    bool is_saved = false;
    if (type == "string" && value.is_string()) {
      saved = saved_.string(named.key, value.text);
      is_saved = true;
    } else if (type == "hash" && value.is_array()) {
      const auto kept = saved_.hash(named.key, value.elements);
      if (!kept) co_return kept.error();
      is_saved = *kept;
    }
    if (!is_saved) {
      const redis::Reply& payload = values->back();
      if (!payload.is_string()) {
        co_return within("what is there cannot be saved",
                         redis::unexpected_reply("DUMP " + printable(named.key), payload));
      }
      saved = saved_.dump(named.key, payload.text);
    }
    if (!saved) co_return saved;
  }
  co_return Status{};
}

redis::awaitable<Status> Mend::write() {
  if (damage_.missing.size() + damage_.changed.size() + damage_.wrong_type.size() == 0) {
    co_return Status{};
  }
  const auto form = co_await probe_write_form(*connection_, schema_);
  if (!form) co_return form.error();
  for (const auto& key : wrong_sets_) pipe_.commands().add({"UNLINK", key});
  const DamageToWrite what{schema_, survey_, left_, options_.directory, *form};
  co_return co_await write_damaged(pipe_, what, stop_, progress_);
}

redis::awaitable<Status> Mend::remove_members(const NamedKey& set) {
  std::vector<std::string> stale;
  std::function<Status(std::string_view)> take = [&](std::string_view member) {
    const bool goes =
        is_stale(set, member) && saved_members_.contains(membership_print(set.print, member));
    if (goes) stale.emplace_back(member);
    return Status{};
  };
  if (const Status read = co_await each_member(pipe_.asks(), set.key, std::move(take)); !read)
    co_return read;
  redis::CommandBuffer commands;
  for (std::size_t first = 0; first < stale.size(); first += kMendMembersAtOnce) {
    const std::size_t count = std::min(kMendMembersAtOnce, stale.size() - first);
    commands.begin(2 + count);
    commands.arg("SREM");
    commands.arg(set.key);
    for (std::size_t i = first; i < first + count; ++i) commands.arg(stale[i]);
  }
  const auto removed = co_await ask(std::move(commands), "SREM");
  co_return removed ? Status{} : Status{removed.error()};
}

redis::awaitable<Status> Mend::remove(std::span<const NamedKey> keys) {
  redis::CommandBuffer commands;
  for (const auto& named : keys) {
    if (goes_as_orphan(named.print)) {
      if (saved_keys_.contains(named.print)) commands.add({"UNLINK", named.key});
      continue;
    }
    if (damage_.with_ttl.contains(named.print)) commands.add({"PERSIST", named.key});
    if (damage_.changed.contains(named.print) && is_set(named.key)) {
      if (const Status removed = co_await remove_members(named); !removed) co_return removed;
    }
  }
  const auto done = co_await ask(std::move(commands), "UNLINK or PERSIST");
  co_return done ? Status{} : Status{done.error()};
}

redis::awaitable<Result<MendOutcome>> Mend::run() {
  const auto size = [](const keys::FingerprintSet& prints) {
    return static_cast<std::int64_t>(prints.size());
  };
  outcome_.missing = size(damage_.missing);
  outcome_.changed = size(damage_.changed);
  outcome_.wrong_type = size(damage_.wrong_type);
  outcome_.ttls = size(damage_.with_ttl);
  (options_.remove_orphans ? outcome_.orphans_removed : outcome_.orphans_left) =
      size(damage_.orphaned);
  if (damage_.changed.size() > 0) {
    if (const Status learned = co_await learn_members(); !learned) co_return learned.error();
  }
  const bool looks = damage_.changed.size() + damage_.wrong_type.size() > 0 ||
                     (options_.remove_orphans && damage_.orphaned.size() > 0);
  if (looks) {
    const Status saved = co_await each_name(&Mend::save, "saving");
    if (!saved) co_return saved.error();
  }
  if (const Status synced = saved_.finish(); !synced) co_return synced.error();
  outcome_.saved_rows = saved_.rows();
  outcome_.saved_directory = saved_.directory();
  if (options_.dry_run) co_return std::move(outcome_);
  has_begun_ = true;
  if (const Status written = co_await write(); !written) co_return written.error();
  const Status removed = co_await each_name(&Mend::remove, "removing what is stale");
  if (!removed) co_return removed.error();
  co_return std::move(outcome_);
}

}  // namespace

redis::awaitable<Result<MendOutcome>> mend(std::shared_ptr<redis::Connection> connection,
                                           const keys::KeySchema& schema,
                                           const GraphClasses& classes, const Survey& survey,
                                           MendOptions options, std::stop_token stop,
                                           ShowProgress progress, bool& has_begun) {
  Mend run(std::move(connection), schema, classes, survey, std::move(options), std::move(stop),
           std::move(progress));
  auto outcome = co_await run.run();
  has_begun = run.has_begun();
  co_return outcome;
}

}  // namespace redkeep::recovery
