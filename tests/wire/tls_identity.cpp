#include "wire/tls_identity.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstdio>
#include <stdexcept>

namespace redkeep::wire {
namespace {

template <auto release>
struct Release {
  template <class T>
  void operator()(T* object) const {
    release(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Release<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Release<X509_free>>;

void require_openssl(bool fine, const char* what) {
  if (!fine) throw std::runtime_error(std::string("OpenSSL: ") + what);
}

void add_extension(X509* certificate, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  require_openssl(extension != nullptr && X509_add_ext(certificate, extension, -1) == 1,
                  "extension");
  X509_EXTENSION_free(extension);
}

class TlsStream : public ByteStream {
 public:
  TlsStream(SSL_CTX* context, int descriptor) : tls_(SSL_new(context)) {
    SSL_set_fd(tls_.get(), descriptor);
  }
  SSL* get() { return tls_.get(); }
  ssize_t read(char* into, std::size_t bytes) override {
    return SSL_read(tls_.get(), into, static_cast<int>(bytes));
  }
  ssize_t write(const char* from, std::size_t bytes) override {
    return SSL_write(tls_.get(), from, static_cast<int>(bytes));
  }

 private:
  std::unique_ptr<SSL, Release<SSL_free>> tls_;
};

}  // namespace

struct TlsIdentity::Parts {
  Key key;
  Certificate certificate;
  std::unique_ptr<SSL_CTX, Release<SSL_CTX_free>> context;
};

TlsIdentity TlsIdentity::make(const Options& options, const Parts* authority) {
  auto parts = std::make_shared<Parts>();
  parts->key.reset(EVP_EC_gen("P-256"));
  parts->certificate.reset(X509_new());
  X509* certificate = parts->certificate.get();
  X509* issuer = authority != nullptr ? authority->certificate.get() : certificate;
  static long serial = 1;
  X509_set_version(certificate, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial++);
  X509_gmtime_adj(X509_getm_notBefore(certificate), options.valid_from_s);
  X509_gmtime_adj(X509_getm_notAfter(certificate), options.valid_until_s);
  X509_set_pubkey(certificate, parts->key.get());
  X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_ASC,
                             reinterpret_cast<const unsigned char*>(options.common_name.c_str()),
                             -1, -1, 0);
  X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
  add_extension(certificate, issuer, NID_basic_constraints,
                authority == nullptr ? "critical,CA:TRUE" : "critical,CA:FALSE");
  std::string names;
  for (const auto& name : options.names) names += (names.empty() ? "" : ",") + name;
  if (!names.empty()) add_extension(certificate, issuer, NID_subject_alt_name, names);
  EVP_PKEY* signer = authority != nullptr ? authority->key.get() : parts->key.get();
  require_openssl(X509_sign(certificate, signer, EVP_sha256()) > 0, "signing");

  parts->context.reset(SSL_CTX_new(TLS_server_method()));
  SSL_CTX* context = parts->context.get();
  require_openssl(SSL_CTX_use_certificate(context, certificate) == 1, "certificate");
  require_openssl(SSL_CTX_use_PrivateKey(context, parts->key.get()) == 1, "key");
  TlsIdentity identity;
  identity.parts_ = std::move(parts);
  return identity;
}

TlsIdentity TlsIdentity::authority(const std::string& common_name) {
  Options options;
  options.common_name = common_name;
  return make(options, nullptr);
}

TlsIdentity TlsIdentity::signed_by(const TlsIdentity& authority, const Options& options) {
  return make(options, authority.parts_.get());
}

void TlsIdentity::write_certificate(const std::string& path) const {
  std::FILE* file = std::fopen(path.c_str(), "w");
  require_openssl(file != nullptr, "cannot write the certificate");
  PEM_write_X509(file, parts_->certificate.get());
  std::fclose(file);
}

bool TlsIdentity::accept(Peer& peer, std::string* sni) const {
  auto stream = std::make_unique<TlsStream>(parts_->context.get(), peer.descriptor());
  if (SSL_accept(stream->get()) != 1) return false;
  const char* name = SSL_get_servername(stream->get(), TLSEXT_NAMETYPE_host_name);
  if (sni != nullptr) *sni = name != nullptr ? name : "";
  peer.use(std::move(stream));
  return true;
}

}  // namespace redkeep::wire
