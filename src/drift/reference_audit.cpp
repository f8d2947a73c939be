#include "drift/reference_audit.h"

#include <utility>

#include "error/error.h"

namespace redkeep::drift {
namespace {

// Of a set the first page tells whether there are more. SSCAN costs half as much again as
// SRANDMEMBER with a count, but never more than a fraction of a millisecond, where that took 10 ms
// of sets that are a little larger than the count: an audit runs beside the application.
constexpr std::string_view kMembersAskedFor = "1000";
// So that a page of large sets stays below 10 MB on its way.
constexpr std::size_t kPageKeys = 200;

}  // namespace

ReferenceAudit::ReferenceAudit(const keys::ClassTable& table, const std::vector<ClassRule>& rules,
                               const References& references, AuditOutcome& outcome)
    : table_(table),
      rules_(rules),
      references_(references),
      outcome_(outcome),
      walk_(table.scan_glob(), kPageKeys) {
  walk_.ask(next_);
  next_due_.push_back({What::Page, {}});
}

redis::CommandBuffer ReferenceAudit::next_commands() {
  due_ = std::exchange(next_due_, {});
  return std::exchange(next_, {});
}

void ReferenceAudit::take(redis::Reply&& reply) {
  if (!status_ || due_.empty()) return;
  const Due due = std::move(due_.front());
  due_.pop_front();
  switch (due.what) {
    case What::Page: return take_page(std::move(reply));
    case What::Strings: take_strings(due, reply); break;
    case What::Ends: take_ends(due.keys.front(), reply); break;
    case What::Members: take_members(due.keys.front(), reply); break;
  }
  bound_suspicions();
}

void ReferenceAudit::take_page(redis::Reply&& reply) {
  auto page = walk_.take(std::move(reply));
  if (!page) {
    status_ = page.error();
    return;
  }
  if (!walk_.done()) {
    walk_.ask(next_);
    next_due_.push_back({What::Page, {}});
  }
  Due strings{What::Strings, {}};
  for (auto& key : *page) {
    const auto index = table_.classify(key);
    const Role role = index ? rules_[*index].role : Role::None;
    const std::string_view type = index ? rules_[*index].type : std::string_view();
    if (role == Role::None || role == Role::Entity) continue;
    if (type == "string") {
      strings.keys.push_back({std::move(key), role});
    } else if (role == Role::Association) {
      next_.add({"HMGET", key, "parent_id", "child_id"});
      next_due_.push_back({What::Ends, {{std::move(key), role}}});
    } else {
      next_.add({"SSCAN", key, "0", "COUNT", kMembersAskedFor});
      next_due_.push_back({What::Members, {{std::move(key), role}}});
    }
  }
  if (strings.keys.empty()) return;
  next_.begin(1 + strings.keys.size());
  next_.arg("MGET");
  for (const auto& named : strings.keys) next_.arg(named.key);
  next_due_.push_back(std::move(strings));
}

void ReferenceAudit::take_strings(const Due& due, const redis::Reply& reply) {
  if (!reply.is_array() || reply.elements.size() != due.keys.size()) {
    status_ = redis::unexpected_reply("MGET", reply);
    return;
  }
  for (std::size_t i = 0; i < due.keys.size(); ++i) {
    // Gone, or of another type, which was told.
    if (!reply.elements[i].is_string()) continue;
    ++outcome_.references;
    references_.string(due.keys[i].role, due.keys[i].key, reply.elements[i].text, suspicions_);
  }
}

void ReferenceAudit::take_ends(const Named& named, const redis::Reply& reply) {
  if (reply.is_error()) {
    if (!reply.text.starts_with("WRONGTYPE")) status_ = redis::error_from_reply("HMGET", reply);
    return;
  }
  if (reply.elements.size() != 2 || !reply.elements[0].is_string() ||
      !reply.elements[1].is_string()) {
    return;  // gone meanwhile, or without an end: what it lacks, a verify tells
  }
  outcome_.references += 2;
  references_.association(named.key, reply.elements[0].text, reply.elements[1].text, suspicions_);
}

void ReferenceAudit::take_members(const Named& named, const redis::Reply& reply) {
  if (reply.is_error() && reply.text.starts_with("WRONGTYPE")) return;  // that was told
  if (!reply.is_array() || reply.elements.size() != 2 || !reply.elements[0].is_string()) {
    status_ = redis::unexpected_reply("SSCAN " + printable(named.key), reply);
    return;
  }
  if (reply.elements[0].text == "0" && reply.elements[1].elements.empty()) return;  // gone
  ++outcome_.references;
  if (references_.set(named.role, named.key, suspicions_)) return;
  const BigSet set{named.key, named.role};
  if (reply.elements[0].text != "0") {
    big_sets_.push_back(set);
    return;
  }
  for (const auto& each : reply.elements[1].elements) member(set, each.text);
}

void ReferenceAudit::member(const BigSet& set, std::string_view member) {
  ++outcome_.references;
  references_.member(set.role, set.key, member, suspicions_);
  bound_suspicions();
}

void ReferenceAudit::bound_suspicions() {
  if (suspicions_.size() <= kMostSuspicions) return;
  outcome_.not_followed += static_cast<std::int64_t>(suspicions_.size() - kMostSuspicions);
  suspicions_.resize(kMostSuspicions);
}

}  // namespace redkeep::drift
