// Design: a first pass compares digests and remembers fingerprints alone. Where nothing is damaged
// that is all. Otherwise names are found in a second look: of what the server has by SCAN, of what
// it lacks in the CSV.
#include "recovery/verify/verify.h"

#include <algorithm>
#include <boost/asio/this_coro.hpp>

#include "error/error.h"
#include "recovery/verify/damage_names.h"
#include "recovery/verify/missing_keys.h"
#include "redis/beside.h"
#include "redis/stop_patience.h"

namespace redkeep::recovery {
namespace {

class Verify {
 public:
  Verify(std::shared_ptr<redis::Connection> connection, const keys::KeySchema& schema,
         const GraphClasses& classes, VerifyOptions options, std::stop_token stop,
         ShowProgress progress)
      : connection_(std::move(connection)),
        schema_(schema),
        classes_(classes),
        options_(std::move(options)),
        stop_(std::move(stop)),
        progress_(std::move(progress)) {}

  redis::awaitable<Result<VerifyOutcome>> run(int database);

 private:
  redis::awaitable<Result<Survey>> look(const ServerFacts& facts);
  void count(const Survey& found);
  redis::awaitable<Status> name(const Survey& found);
  bool is_behind() const;
  void note_positions(const ServerFacts& facts, const ExpectedContent& content);
  VerifyEnd end(const Survey& found) const;

  std::shared_ptr<redis::Connection> connection_;
  const keys::KeySchema& schema_;
  const GraphClasses& classes_;
  VerifyOptions options_;
  std::stop_token stop_;
  ShowProgress progress_;
  bool is_ahead_ = false;
  VerifyOutcome outcome_;
};

std::int64_t size_of(const keys::FingerprintSet& prints) {
  return static_cast<std::int64_t>(prints.size());
}

// Keeps the first hundred of the names whose fingerprints are among `prints`.
class Names {
 public:
  Names(const keys::FingerprintSet& prints, DamagedKeys& into) : prints_(prints), into_(into) {}
  void offer(std::string_view key, std::uint64_t print) {
    if (into_.first.size() >= DamagedKeys::kMostNamed || !prints_.contains(print)) return;
    if (named_.insert(print)) into_.first.emplace_back(key);
  }

 private:
  const keys::FingerprintSet& prints_;
  keys::FingerprintSet named_;
  DamagedKeys& into_;
};

void Verify::count(const Survey& found) {
  outcome_.entities = found.check.entities;
  outcome_.associations = found.check.associations;
  outcome_.expected_keys = found.expected_keys;
  outcome_.seen_keys = found.seen_keys;
  outcome_.missing.count = size_of(found.damage.missing);
  outcome_.changed.count = size_of(found.damage.changed);
  outcome_.orphaned.count = size_of(found.damage.orphaned);
  outcome_.with_ttl.count = size_of(found.damage.with_ttl);
  outcome_.wrong_type.count = size_of(found.damage.wrong_type);
}

redis::awaitable<Status> Verify::name(const Survey& found) {
  if (progress_) progress_({"looking up the names of what is damaged"});
  const Damage& damage = found.damage;
  const bool any_present = damage.changed.size() + damage.orphaned.size() + damage.with_ttl.size() +
                               damage.wrong_type.size() >
                           0;
  if (any_present) {
    Names changed(damage.changed, outcome_.changed);
    Names orphaned(damage.orphaned, outcome_.orphaned);
    Names with_ttl(damage.with_ttl, outcome_.with_ttl);
    Names wrong_type(damage.wrong_type, outcome_.wrong_type);
    std::function<void(std::string_view)> offer = [&](std::string_view key) {
      const std::uint64_t print = key_print(key);
      for (Names* names : {&changed, &orphaned, &with_ttl, &wrong_type}) names->offer(key, print);
    };
    const Status named = co_await name_present(connection_, classes_, stop_, std::move(offer));
    if (!named) co_return named;
  }
  if (damage.missing.size() > 0) {
    const std::function<bool(std::string_view)> keep = [this](std::string_view key) {
      outcome_.missing.first.emplace_back(key);
      return outcome_.missing.first.size() < DamagedKeys::kMostNamed;
    };
    const Status named = co_await name_missing(schema_, found.check, options_.directory,
                                               damage.missing, stop_, keep);
    if (!named) co_return named;
  }
  for (DamagedKeys* keys : {&outcome_.missing, &outcome_.changed, &outcome_.orphaned,
                            &outcome_.with_ttl, &outcome_.wrong_type}) {
    std::sort(keys->first.begin(), keys->first.end());
  }
  co_return Status{};
}

bool Verify::is_behind() const {
  return options_.wanted_position && outcome_.position.value_or(0) < *options_.wanted_position;
}

// The server was asked before the journal was read, so that one which goes on is never ahead.
void Verify::note_positions(const ServerFacts& facts, const ExpectedContent& content) {
  auto last = options_.wanted_position;
  if (options_.content_at) {
    options_.wanted_position = content.wanted_position;
    last = content.last_position;
  }
  is_ahead_ = last && facts.position.value_or(0) > *last;
  if (is_ahead_) options_.wanted_position = last;
  outcome_.position = facts.position;
  const Status same = require_same_journal(schema_, facts.journal, content);
  if (!same) outcome_.whose = same.error().message;
}

VerifyEnd Verify::end(const Survey& found) const {
  if (found.check.problems.count > 0) return VerifyEnd::BadContent;
  if (!outcome_.whose.empty()) return VerifyEnd::Foreign;
  if (is_ahead_) return VerifyEnd::Ahead;
  if (is_behind()) return VerifyEnd::Behind;
  if (!outcome_.marker.empty()) return VerifyEnd::Incomplete;
  return found.damage.any() ? VerifyEnd::Damaged : VerifyEnd::Clean;
}

redis::awaitable<Result<Survey>> Verify::look(const ServerFacts& facts) {
  SurveyOptions what{options_.directory, options_.most_share};
  if (options_.names_only) {
    co_return co_await find_missing(connection_, schema_, std::move(what), stop_, progress_);
  }
  co_return co_await survey(connection_, schema_, classes_, facts, std::move(what), stop_,
                            progress_);
}

redis::awaitable<Result<VerifyOutcome>> Verify::run(int database) {
  const auto facts = co_await ask_server_facts(connection_, schema_, database,
                                               options_.configured_limit_bytes, stop_, progress_);
  if (!facts) co_return facts.error();
  if (options_.content_at && progress_) progress_({"reading the journal"});
  const auto content =
      co_await choose_content(options_.content_at, options_.directory, facts->position);
  if (!content) co_return content.error();
  options_.directory = content->directory;
  note_positions(*facts, *content);
  auto found = co_await look(*facts);
  if (!found) co_return found.error();
  if (found->damage.any()) {
    const auto sift = [&] { return leave_out_what_is_right(*content, found->damage); };
    const Status sifted = co_await redis::beside(sift);
    if (!sifted) co_return sifted.error();
  }
  count(*found);
  // One store is often under way between the journal and the server. One without any position had
  // lost its content when it was looked at, whatever it has got meanwhile.
  if (is_behind() && facts->position) {
    const auto now = co_await ask_position(*connection_, schema_);
    if (!now) co_return now.error();
    outcome_.position = *now;
  }
  outcome_.wanted_position = options_.wanted_position;
  if (facts->load_marker) outcome_.marker = "load of " + printable(*facts->load_marker);
  if (facts->rebuild_marker) outcome_.marker = "rebuild of " + printable(*facts->rebuild_marker);
  if (facts->is_being_restored) outcome_.marker = "recovery by a guard";
  outcome_.problems = found->check.problems;
  outcome_.end = end(*found);
  if (found->damage.any()) {
    if (const Status named = co_await name(*found); !named) co_return named.error();
  }
  co_return std::move(outcome_);
}

}  // namespace

redis::awaitable<Result<VerifyOutcome>> verify(EndpointOptions endpoint, std::string prefix,
                                               VerifyOptions options, std::stop_token stop,
                                               ShowProgress progress) {
  const keys::KeySchema schema(prefix);
  const auto classes = GraphClasses::create(prefix);
  if (!classes) co_return classes.error();
  const int database = endpoint.database;
  auto opened = co_await redis::Connection::open(std::move(endpoint));
  if (!opened) co_return opened.error();
  const std::shared_ptr<redis::Connection> connection = std::move(*opened);
  // Apart: g++ 12 destroys twice what a lambda captures beside a co_await.
  const auto executor = co_await boost::asio::this_coro::executor;
  const redis::StopPatience patience(executor, stop, [connection] { connection->close(); });
  Verify run(connection, schema, *classes, std::move(options), stop, std::move(progress));
  auto outcome = co_await run.run(database);
  if (!outcome) co_return unless_stopped(outcome.error(), stop);
  co_return outcome;
}

std::string_view to_string(VerifyEnd end) {
  switch (end) {
    case VerifyEnd::Clean: return "Clean";
    case VerifyEnd::Behind: return "Behind";
    case VerifyEnd::Ahead: return "Ahead";
    case VerifyEnd::Foreign: return "Foreign";
    case VerifyEnd::Incomplete: return "Incomplete";
    case VerifyEnd::Damaged: return "Damaged";
    case VerifyEnd::BadContent: return "BadContent";
  }
  return "unknown";
}

}  // namespace redkeep::recovery
