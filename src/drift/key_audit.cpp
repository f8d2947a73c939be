#include "drift/key_audit.h"

#include <utility>

#include "error/error.h"

namespace redkeep::drift {
namespace {

// Hashes of the graph have eight fields; of a larger one so many are looked at.
constexpr std::string_view kMostFields = "512";

// PEXPIRE NX, for servers that do not know it.
constexpr std::string_view kExpireIfLasting =
    "if redis.call('PTTL', KEYS[1]) ~= -1 then return 0 end "
    "return redis.call('PEXPIRE', KEYS[1], ARGV[1])";

std::string in_ms(std::chrono::seconds ttl) {
  return std::to_string(std::chrono::milliseconds(ttl).count());
}

}  // namespace

std::vector<DriftKind> judge_key(const ClassRule& rule, std::string_view type,
                                 std::int64_t ttl_ms) {
  std::vector<DriftKind> kinds;
  if (type == "none" || ttl_ms == -2) return kinds;  // gone meanwhile
  if (rule.lasts() && ttl_ms >= 0) kinds.push_back(DriftKind::ProtectedWithTtl);
  if (!rule.lasts() && ttl_ms == -1) kinds.push_back(DriftKind::EvictableWithoutTtl);
  if (!rule.type.empty() && rule.type != type) kinds.push_back(DriftKind::WrongType);
  return kinds;
}

KeyAudit::KeyAudit(const keys::ClassTable& table, const std::vector<ClassRule>& rules,
                   KeyAuditOptions options, AuditOutcome& outcome, KnownRecords& known)
    : table_(table),
      rules_(rules),
      options_(options),
      outcome_(outcome),
      known_(known),
      walk_(table.scan_glob(), options.page_keys) {
  walk_.ask(next_);
  next_due_.push_back({What::Page, {}, 0, DriftKind::WrongType, {}});
}

redis::CommandBuffer KeyAudit::next_commands() {
  due_ = std::exchange(next_due_, {});
  return std::exchange(next_, {});
}

void KeyAudit::expect(What what, const std::string& key, keys::ClassIndex index) {
  next_due_.push_back({what, key, index, DriftKind::WrongType, {}});
}

void KeyAudit::take(redis::Reply&& reply) {
  if (!status_ || due_.empty()) return;
  Due due = std::move(due_.front());
  due_.pop_front();
  switch (due.what) {
    case What::Page: return take_page(std::move(reply));
    case What::Type:
      if (!reply.is_string()) {
        status_ = redis::unexpected_reply("TYPE " + printable(due.key), reply);
      } else {
        type_ = std::move(reply.text);
      }
      return;
    case What::Ttl: return take_ttl(std::move(due), reply);
    case What::Fields: return take_fields(std::move(due), reply);
    case What::FieldTtls: return take_field_ttls(std::move(due), reply);
    case What::Mended:
      if (reply.is_error()) {
        status_ = within("mending " + printable(due.key),
                         redis::error_from_reply("a mending command", reply));
        return;
      }
      // 0: it was not true any more. Of fields the server answers with an array.
      if (reply.integer == 1 || reply.is_array()) ++outcome_.of(due.kind).mended;
      return;
  }
}

void KeyAudit::take_page(redis::Reply&& reply) {
  const auto page = walk_.take(std::move(reply));
  if (!page) {
    status_ = page.error();
    return;
  }
  if (!walk_.done()) {
    walk_.ask(next_);
    next_due_.push_back({What::Page, {}, 0, DriftKind::WrongType, {}});
  }
  for (const auto& key : *page) {
    const auto index = table_.classify(key);
    if (!index) continue;
    ++outcome_.keys;
    known_.add(rules_[*index].role, key, table_.prefix().size());
    next_.add({"TYPE", key});
    next_.add({"PTTL", key});
    expect(What::Type, key, *index);
    expect(What::Ttl, key, *index);
  }
}

void KeyAudit::take_ttl(Due due, const redis::Reply& reply) {
  if (!reply.is_integer()) {
    status_ = redis::unexpected_reply("PTTL " + printable(due.key), reply);
    return;
  }
  const ClassRule& rule = rules_[due.index];
  for (const DriftKind kind : judge_key(rule, type_, reply.integer)) {
    if (kind == DriftKind::WrongType) {
      outcome_.note_wrong_type(due.key, rule.role != Role::None);
      continue;
    }
    const bool is_new = outcome_.note(kind, due.key);
    if (is_new && options_.fix) mend(due.key, due.index, kind);
  }
  if (!options_.field_ttls || !rule.lasts() || type_ != "hash") return;
  next_.add({"HRANDFIELD", due.key, kMostFields});
  expect(What::Fields, due.key, due.index);
}

void KeyAudit::mend(const std::string& key, keys::ClassIndex index, DriftKind kind) {
  if (kind == DriftKind::ProtectedWithTtl) {
    next_.add({"PERSIST", key});
  } else if (kind == DriftKind::EvictableWithoutTtl && rules_[index].ttl) {
    const std::string ttl = in_ms(*rules_[index].ttl);
    if (options_.pexpire_nx) {
      next_.add({"PEXPIRE", key, ttl, "NX"});
    } else {
      next_.add({"EVAL", kExpireIfLasting, "1", key, ttl});
    }
  } else {
    return;
  }
  next_due_.push_back({What::Mended, key, index, kind, {}});
}

void KeyAudit::take_fields(Due due, const redis::Reply& reply) {
  // Gone, or of another type by now.
  if (!reply.is_array() || reply.elements.empty()) return;
  for (const auto& field : reply.elements) due.fields.push_back(field.text);
  next_.begin(4 + due.fields.size());
  next_.arg("HPTTL");
  next_.arg(due.key);
  next_.arg("FIELDS");
  next_.arg(std::to_string(due.fields.size()));
  for (const auto& field : due.fields) next_.arg(field);
  due.what = What::FieldTtls;
  next_due_.push_back(std::move(due));
}

void KeyAudit::take_field_ttls(Due due, const redis::Reply& reply) {
  if (reply.is_error()) {
    status_ = redis::error_from_reply("HPTTL", reply);
    return;
  }
  std::vector<std::string> with_ttl;
  for (std::size_t i = 0; i < reply.elements.size() && i < due.fields.size(); ++i) {
    if (reply.elements[i].integer >= 0) with_ttl.push_back(due.fields[i]);
  }
  if (with_ttl.empty()) return;
  if (!outcome_.note(DriftKind::FieldWithTtl, due.key) || !options_.fix) return;
  next_.begin(4 + with_ttl.size());
  next_.arg("HPERSIST");
  next_.arg(due.key);
  next_.arg("FIELDS");
  next_.arg(std::to_string(with_ttl.size()));
  for (const auto& field : with_ttl) next_.arg(field);
  next_due_.push_back({What::Mended, due.key, due.index, DriftKind::FieldWithTtl, {}});
}

}  // namespace redkeep::drift
