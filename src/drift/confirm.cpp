#include "drift/confirm.h"

#include "error/error.h"

namespace redkeep::drift {
namespace {

// KEYS: the key that refers, and the target (or, of a target that is an id, its type_of). ARGV:
// "fix" or "look"; how the key refers (member, string, ends, or set: by its own name); the value;
// for an id what entities' keys begin with, and the id. Answers 0 (not so), 1 (so). The entity's
// key is made of
// what type_of holds, so it cannot be among KEYS; all of it is on one server.
constexpr std::string_view kScript =
    R"(local key, target, held, value = KEYS[1], KEYS[2], ARGV[2], ARGV[3]
if held == 'member' then
  if redis.call('SISMEMBER', key, value) == 0 then return 0 end
elseif held == 'string' then
  if redis.call('GET', key) ~= value then return 0 end
elseif held == 'set' then
  if redis.call('SCARD', key) == 0 then return 0 end
else
  local ends = redis.call('HMGET', key, 'parent_id', 'child_id')
  if ends[1] ~= value and ends[2] ~= value then return 0 end
end
if ARGV[4] then
  local type = redis.call('GET', target)
  if type and redis.call('EXISTS', ARGV[4] .. type .. ':' .. ARGV[5]) == 1 then return 0 end
elseif redis.call('EXISTS', target) == 1 then
  return 0
end
if ARGV[1] == 'fix' then
  if held == 'member' then redis.call('SREM', key, value)
  else redis.call('UNLINK', key) end
end
return 1)";

bool is_by_id(Link link) {
  return link == Link::MemberOfEntity || link == Link::ParentOfEntity ||
         link == Link::ParentMissing || link == Link::SetOfEntity || link == Link::EndMissing;
}

std::string_view held_as(Link link) {
  switch (link) {
    case Link::MemberOfEntity:
    case Link::MemberOfType:
    case Link::MemberOfPath: return "member";
    case Link::TypeOfEntity:
    case Link::NameOfEntity:
    case Link::ParentOfEntity:
    case Link::ParentMissing: return "string";
    case Link::SetOfEntity: return "set";
    case Link::EndMissing: return "ends";
  }
  return "";
}

std::string_view name_of(Look look) { return look == Look::ReadOnly ? "EVAL_RO" : "EVAL"; }

}  // namespace

DriftKind kind_of(Link link) {
  switch (link) {
    case Link::MemberOfEntity:
    case Link::MemberOfType:
    case Link::MemberOfPath: return DriftKind::DeadMember;
    case Link::TypeOfEntity:
    case Link::NameOfEntity:
    case Link::ParentOfEntity:
    case Link::SetOfEntity: return DriftKind::DanglingKey;
    case Link::ParentMissing:
    case Link::EndMissing: return DriftKind::DanglingRecord;
  }
  return DriftKind::DanglingRecord;
}

void add_confirmation(const Suspicion& suspicion, const keys::KeySchema& schema, Look look,
                      redis::CommandBuffer& commands) {
  const bool by_id = is_by_id(suspicion.link);
  const bool mends = look == Look::AndMend && is_mendable(kind_of(suspicion.link));
  commands.begin(by_id ? 10 : 8);
  commands.arg(name_of(look));
  commands.arg(kScript);
  commands.arg("2");
  commands.arg(suspicion.key);
  commands.arg(by_id ? schema.type_of(suspicion.target) : suspicion.target);
  commands.arg(mends ? "fix" : "look");
  commands.arg(held_as(suspicion.link));
  commands.arg(suspicion.value);
  if (!by_id) return;
  commands.arg(schema.prefix() + "entity:");
  commands.arg(suspicion.target);
}

Result<Confirmed> read_confirmation(const Suspicion& suspicion, Look look,
                                    const redis::Reply& reply) {
  if (reply.is_error()) {
    if (reply.text.find("WRONGTYPE") != std::string::npos) return Confirmed::NotSo;
    const Error error = redis::error_from_reply(name_of(look), reply);
    if (error.kind == ErrorKind::NotPermitted) return Confirmed::Refused;
    return within("looking at " + printable(suspicion.key) + " again", error);
  }
  if (!reply.is_integer()) return redis::unexpected_reply(name_of(look), reply);
  if (reply.integer == 0) return Confirmed::NotSo;
  const bool mends = look == Look::AndMend && is_mendable(kind_of(suspicion.link));
  return mends ? Confirmed::Mended : Confirmed::Found;
}

}  // namespace redkeep::drift
