// W10: what a push would offer Lambda beside, or instead of, one image manifest.
#include "emulator/inspect/look.hpp"

namespace coldframe::inspect {

void check_packaging(const Look& look, Findings& out) {
  if (!look.subject.is_image()) return;
  const ImagePackaging& packaging = look.subject.manifest->packaging;
  if (packaging.is_docker_archive) {
    out.push_back({"W10", Severity::info,
                   "what docker save writes does not show what a push will add: buildx attaches "
                   "attestations, and Lambda refuses the index that holds them",
                   "", "docker buildx build --provenance=false --sbom=false --push -t NAME:TAG ."});
    return;
  }
  const std::string fix =
      "docker buildx build --provenance=false --sbom=false --output type=oci,dest=image.tar .";
  if (packaging.has_attestations) {
    out.push_back({"W10", Severity::error,
                   "attestation manifests lie beside the image; pushed as it is, Lambda answers "
                   "\"image manifest, config or layer media type … is not supported\"",
                   "index.json", fix});
  } else if (packaging.has_nested_index) {
    out.push_back({"W10", Severity::error,
                   "the tag leads to an index, not to an image; pushed as it is, Lambda answers "
                   "\"image manifest, config or layer media type … is not supported\"",
                   "index.json",
                   "docker buildx build --platform linux/" +
                       oci_architecture(look.subject.architecture) +
                       " --provenance=false --sbom=false --output type=oci,dest=image.tar ."});
  }
  for (const ImageLayer& layer : look.subject.manifest->layers) {
    // Source: Lambda takes Docker image manifest V2 schema 2 and OCI 1.0, which has no zstd.
    if (!layer.media_type.ends_with("zstd")) continue;
    out.push_back(
        {"W10", Severity::warning,
         "layers are compressed with zstd, which Lambda's documents do not name among "
         "what it takes",
         layer.digest ? layer.digest->text() : layer.file,
         "skopeo copy --dest-compress-format gzip oci-archive:IN.tar oci-archive:OUT.tar"});
    break;
  }
}

}  // namespace coldframe::inspect
