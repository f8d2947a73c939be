#pragma once
// Certificates made at test time, and the server's side of TLS for a script.
#include <memory>
#include <string>
#include <vector>

#include "wire/scripted_server.h"

namespace redkeep::wire {

/// A certificate with its key; signed by itself or by another.
class TlsIdentity {
 public:
  struct Options {
    std::string common_name = "localhost";
    std::vector<std::string> names;  ///< As OpenSSL writes them: "DNS:localhost", "IP:127.0.0.1".
    long valid_from_s = -3600;       ///< From now.
    long valid_until_s = 3600;
  };

  static TlsIdentity authority(const std::string& common_name);
  static TlsIdentity signed_by(const TlsIdentity& authority, const Options& options);

  /// Writes the certificate, and only that, as PEM.
  void write_certificate(const std::string& path) const;

  /// Makes `peer` speak TLS from here on; false if the client does not agree. `sni` gets the name
  /// that the client asked for, if not null.
  bool accept(Peer& peer, std::string* sni = nullptr) const;

 private:
  struct Parts;
  static TlsIdentity make(const Options& options, const Parts* authority);
  std::shared_ptr<Parts> parts_;
};

}  // namespace redkeep::wire
