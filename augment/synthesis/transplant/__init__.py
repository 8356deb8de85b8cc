"""What a defective image shows that good ones do not, carried onto other good images: learned from nobody's masks."""
