struct shape;
/* In a private header of shape.h. */
int shape_types_count(void);
